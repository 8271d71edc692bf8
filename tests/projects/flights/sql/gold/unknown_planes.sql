-- One row per tail number that flew but is not in the register of planes.
-- @key tailnum
SELECT
    f.tailnum,  -- @not_null
    string_agg(DISTINCT f.carrier, ', ' ORDER BY f.carrier) AS carriers,
    count(*) AS flights,
    min(f.flight_date) AS first_seen,
    max(f.flight_date) AS last_seen
FROM silver.flights AS f
ANTI JOIN silver.planes AS p USING (tailnum)
WHERE f.tailnum IS NOT NULL
GROUP BY f.tailnum
ORDER BY flights DESC, f.tailnum
