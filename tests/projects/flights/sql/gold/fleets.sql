-- One row per airline and maker: the planes it flew, from largest to smallest.
-- @key carrier, manufacturer
SELECT
    f.carrier,
    p.manufacturer,
    count(DISTINCT f.tailnum) AS planes,
    count(*) AS flights,
    list(DISTINCT p.model ORDER BY p.model) AS models,
    CAST(100.0 * count(*) / sum(count(*)) OVER (PARTITION BY f.carrier) AS DECIMAL(5, 2)) AS percent_of_flights
FROM silver.flights AS f
JOIN silver.planes AS p USING (tailnum)
GROUP BY f.carrier, p.manufacturer
ORDER BY f.carrier, planes DESC, p.manufacturer
