-- One row per airport and hour, with impossible values removed.
-- @key origin, observed_at
SELECT
    origin,
    time_hour AS observed_at,                                    -- UTC.
    round((temp - 32) / 1.8, 1) AS temperature_c,
    round((dewp - 32) / 1.8, 1) AS dew_point_c,
    humid AS humidity,                                           -- Percent. @check humidity between 0 and 100
    CASE WHEN wind_speed < 200 THEN wind_speed END AS wind_mph,  -- The record holds one 1,048 mph.
    wind_dir::SMALLINT AS wind_degrees,
    precip AS rain_inches,                                       -- @check rain_inches >= 0
    pressure AS pressure_mb,
    visib AS visibility_miles                                    -- @check visibility_miles between 0 and 10
FROM bronze.weather
