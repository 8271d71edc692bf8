-- One row per month, one column per airport: mean departure delay in minutes.
-- @key month
SELECT
    month,                 -- First day of the month.
    round(ewr, 2) AS ewr,  -- Newark.
    round(jfk, 2) AS jfk,  -- John F. Kennedy.
    round(lga, 2) AS lga   -- LaGuardia.
FROM (
    SELECT date_trunc('month', flight_date)::DATE AS month, origin, departure_delay
    FROM silver.flights
)
PIVOT (avg(departure_delay) FOR origin IN ('EWR' AS ewr, 'JFK' AS jfk, 'LGA' AS lga) GROUP BY month)
ORDER BY month
