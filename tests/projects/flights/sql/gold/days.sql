-- One row per day, with its rank among the busiest and a week's moving average.
-- @key flight_date
-- @check row_count between 365 and 366
WITH daily AS (
    SELECT
        flight_date,
        count(*) AS flights,
        count(*) FILTER (NOT departed) AS cancelled,
        sum(departure_delay)::BIGINT AS delay_minutes
    FROM silver.flights
    GROUP BY ALL
)
SELECT
    flight_date,
    dayname(flight_date) AS weekday,
    flights,
    cancelled,                                                          -- @check cancelled <= flights
    delay_minutes,
    row_number() OVER (ORDER BY flights DESC, flight_date) AS busiest,  -- 1 is the busiest day of the year.
    avg(flights) OVER (ORDER BY flight_date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS flights_week,
    flights - lag(flights, 7) OVER (ORDER BY flight_date) AS against_week_before
FROM daily
ORDER BY flight_date
