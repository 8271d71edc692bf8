-- Rows of sources/weather.csv, as they came: hourly weather at the three airports of New York City.
-- @key origin, time_hour
SELECT
    origin,      -- @accepted_values EWR, JFK, LGA
    year,
    month,
    day,
    hour,
    temp,        -- Degrees Fahrenheit.
    dewp,        -- Dew point, degrees Fahrenheit.
    humid,       -- Relative humidity, percent.
    wind_dir,    -- Degrees.
    wind_speed,  -- Miles an hour. One value is over a thousand.
    wind_gust,   -- Miles an hour.
    precip,      -- Inches in the hour.
    pressure,    -- Millibars, at sea level.
    visib,       -- Miles.
    time_hour    -- UTC.
FROM read_csv(
    'sources/weather.csv',
    auto_detect = false,
    header = true,
    delim = ',',
    nullstr = 'NA',
    columns = {
        'origin': 'VARCHAR',
        'year': 'BIGINT',
        'month': 'BIGINT',
        'day': 'BIGINT',
        'hour': 'BIGINT',
        'temp': 'DOUBLE',
        'dewp': 'DOUBLE',
        'humid': 'DOUBLE',
        'wind_dir': 'BIGINT',
        'wind_speed': 'DOUBLE',
        'wind_gust': 'DOUBLE',
        'precip': 'DOUBLE',
        'pressure': 'DOUBLE',
        'visib': 'DOUBLE',
        'time_hour': 'TIMESTAMP'
    }
)
