-- One row per route with at least 100 arrivals: the airline that arrives earliest on average.
-- @key origin, dest
SELECT
    origin,
    dest,
    carrier,
    count(arrival_delay) AS arrivals,
    avg(arrival_delay) AS mean_arrival_delay,               -- Minutes.
    count(*) OVER (PARTITION BY origin, dest) AS carriers   -- With at least 100 arrivals each.
FROM silver.flights
GROUP BY origin, dest, carrier
HAVING count(arrival_delay) >= 100
QUALIFY row_number() OVER (PARTITION BY origin, dest ORDER BY avg(arrival_delay), carrier) = 1
ORDER BY origin, dest
