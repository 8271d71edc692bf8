-- One row: the size of everything. What a reader checks first.
SELECT
    (SELECT count(*) FROM silver.airlines) AS airlines,
    (SELECT count(*) FROM silver.airports) AS airports,
    (SELECT count(*) FROM silver.planes) AS planes,
    (SELECT count(*) FROM silver.weather) AS weather_hours,
    count(*) AS flights,                                             -- @check flights > 0
    count(*) FILTER (NOT departed) AS never_departed,
    count(*) FILTER (departed AND NOT arrived) AS diverted_or_lost,  -- Left, but no arrival is known.
    count(DISTINCT tailnum) AS tail_numbers,
    count(DISTINCT dest) AS destinations,
    sum(miles)::BIGINT AS miles,
    sum(air_minutes)::BIGINT AS air_minutes,
    min(flight_date) AS first_day,
    max(flight_date) AS last_day
FROM silver.flights
