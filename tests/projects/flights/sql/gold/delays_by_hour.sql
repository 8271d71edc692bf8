-- One row per airport and local hour of the day: delays build up until the evening.
-- @key origin, scheduled_local_hour
WITH hours AS (
    SELECT
        origin,
        scheduled_local_hour,
        count(*) AS flights,
        avg(departure_delay) AS mean_delay
    FROM silver.flights
    GROUP BY ALL
)
SELECT
    origin,
    scheduled_local_hour,
    flights,
    mean_delay AS mean_departure_delay,                          -- Minutes; NULL when nothing left in that hour.
    mean_delay - lag(mean_delay) OVER by_hour AS more_than_hour_before,
    CAST(sum(flights) OVER by_hour AS BIGINT) AS flights_so_far  -- Since the first hour.
FROM hours
WINDOW by_hour AS (PARTITION BY origin ORDER BY scheduled_local_hour)
ORDER BY origin, scheduled_local_hour
