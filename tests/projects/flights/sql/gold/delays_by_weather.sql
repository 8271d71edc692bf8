-- One row per kind of weather: what rain, wind and fog do to departures.
-- @key rain, visibility
SELECT
    CASE
        WHEN rain_inches = 0 THEN 'dry'
        WHEN rain_inches < 0.1 THEN 'light rain'
        WHEN rain_inches >= 0.1 THEN 'heavy rain'
        ELSE 'unknown'
    END AS rain,
    CASE
        WHEN visibility_miles >= 10 THEN 'clear'
        WHEN visibility_miles >= 3 THEN 'hazy'
        WHEN visibility_miles < 3 THEN 'fog'
        ELSE 'unknown'
    END AS visibility,
    count(*) AS flights,
    count(*) FILTER (NOT departed) AS cancelled,
    avg(departure_delay) AS mean_departure_delay,               -- Minutes.
    avg(wind_mph) AS mean_wind_mph,
    corr(wind_mph, departure_delay) AS wind_delay_correlation   -- Between -1 and 1.
FROM silver.flights_weather
GROUP BY ALL
ORDER BY rain, visibility
