-- One row per airline: how many flights, how late.
-- @key carrier
SELECT
    f.carrier,
    a.airline,
    count(*) AS flights,
    count(*) FILTER (NOT f.departed) AS cancelled,
    CAST(100.0 * count(*) FILTER (NOT f.departed) / count(*) AS DECIMAL(5, 2)) AS cancelled_percent,
    avg(f.departure_delay) AS mean_departure_delay,                     -- Minutes.
    median(f.arrival_delay) AS median_arrival_delay,                    -- Minutes.
    quantile_cont(f.arrival_delay, 0.9) AS arrival_delay_p90,           -- Minutes; one flight in ten is later.
    count(*) FILTER (f.arrival_delay <= 15) AS on_time,                 -- At most a quarter of an hour late.
    sum(greatest(f.arrival_delay, 0))::BIGINT AS minutes_lost,
    rank() OVER (ORDER BY avg(f.departure_delay)) AS punctuality_rank   -- 1 is the most punctual.
FROM silver.flights AS f
JOIN silver.airlines AS a USING (carrier)
GROUP BY ALL
ORDER BY flights DESC, carrier
