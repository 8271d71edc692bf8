-- One row per month and airline, and the totals of each and of all: flights that never left.
SELECT
    month(flight_date) AS month,  -- NULL in the totals over months.
    carrier,                      -- NULL in the totals over airlines.
    count(*) AS flights,
    count(*) FILTER (NOT departed) AS cancelled,
    count(*) FILTER (departed AND NOT arrived) AS diverted,
    coalesce(sum(miles) FILTER (NOT departed), 0)::BIGINT AS miles_not_flown
FROM silver.flights
GROUP BY CUBE (month(flight_date), carrier)
ORDER BY month NULLS LAST, carrier NULLS LAST
