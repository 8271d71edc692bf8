-- One row per age of plane: do old planes fly later?
SELECT
    p.age,                                       -- Years, in 2013; NULL where the register has no year.
    count(DISTINCT f.tailnum) AS planes,
    count(*) AS flights,
    avg(f.arrival_delay) AS mean_arrival_delay,  -- Minutes.
    mode(p.manufacturer ORDER BY p.manufacturer) AS most_frequent_maker,
    max(p.seats) AS most_seats,
    sum(f.air_minutes)::BIGINT AS air_minutes
FROM silver.flights AS f
JOIN silver.planes AS p USING (tailnum)
GROUP BY ALL
ORDER BY p.age NULLS LAST
