-- Each flight with the latest weather seen at its airport up to the hour of departure.
-- @key scheduled_hour, carrier, flight
SELECT
    f.scheduled_hour,
    f.carrier,
    f.flight,
    f.origin,
    f.departed,
    f.departure_delay,
    date_diff('hour', w.observed_at, f.scheduled_hour) AS weather_age_hours,  -- 0 when observed that very hour.
    w.temperature_c,
    w.wind_mph,
    w.rain_inches,
    w.visibility_miles
FROM silver.flights AS f
ASOF LEFT JOIN silver.weather AS w
    ON f.origin = w.origin AND f.scheduled_hour >= w.observed_at
