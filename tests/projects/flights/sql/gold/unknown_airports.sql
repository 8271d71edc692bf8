-- One row per destination that the list of airports lacks.
-- @key dest
SELECT
    dest,
    count(*) AS flights,
    max(miles) AS miles,
    list(DISTINCT origin ORDER BY origin) AS flown_from
FROM silver.flights
WHERE dest NOT IN (SELECT a.faa FROM silver.airports AS a)
GROUP BY ALL
ORDER BY dest
