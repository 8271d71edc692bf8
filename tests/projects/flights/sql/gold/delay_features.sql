-- One row per flight that left: what is known before departure, and the delay to predict.
-- @key scheduled_hour, carrier, flight
-- @tag machine_learning
WITH legs AS (
    SELECT
        *,
        -- The plane's previous departure from New York, if it was known two hours before this one.
        lag(departed_at) OVER plane AS previous_departed_at,
        lag(departure_delay) OVER plane AS previous_delay
    FROM silver.flights
    WHERE departed
    WINDOW plane AS (PARTITION BY tailnum ORDER BY scheduled_at, carrier, flight)
)
SELECT
    l.scheduled_hour,
    l.carrier,
    l.flight,
    l.origin,
    l.dest,
    l.miles,
    month(l.flight_date)::TINYINT AS month,
    isodow(l.flight_date)::TINYINT AS weekday,  -- 1 is Monday.
    l.scheduled_local_hour,
    p.age AS plane_age,                         -- Years; NULL for planes that the register lacks.
    p.seats,
    CASE
        WHEN l.tailnum IS NOT NULL AND l.previous_departed_at <= l.scheduled_at - INTERVAL 2 HOURS
        THEN l.previous_delay
    END AS previous_delay,                      -- Minutes, of the same plane.
    count(*) OVER (PARTITION BY l.origin, l.scheduled_hour) AS departures_that_hour,
    w.temperature_c,
    w.wind_mph,
    w.rain_inches,
    w.visibility_miles,
    l.departure_delay,                          -- Minutes. What a model is to predict. @not_null
    l.departure_delay > 15 AS is_late
FROM legs AS l
JOIN silver.flights_weather AS w USING (scheduled_hour, carrier, flight)
LEFT JOIN silver.planes AS p USING (tailnum)
ORDER BY l.scheduled_hour, l.carrier, l.flight
