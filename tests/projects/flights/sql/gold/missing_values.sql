-- One row per table and column with missing values: how many, out of how many.
-- @key dataset, column_name
WITH counted AS (
    SELECT 'flights' AS dataset, count(*) AS row_count, {
        'tailnum': count(*) - count(tailnum),
        'dep_time': count(*) - count(dep_time),
        'dep_delay': count(*) - count(dep_delay),
        'arr_time': count(*) - count(arr_time),
        'arr_delay': count(*) - count(arr_delay),
        'air_time': count(*) - count(air_time)
    }::MAP(VARCHAR, BIGINT) AS missing
    FROM bronze.flights
    UNION ALL
    SELECT 'planes', count(*), {
        'year': count(*) - count(year),
        'speed': count(*) - count(speed),
        'seats': count(*) - count(seats)
    }::MAP(VARCHAR, BIGINT)
    FROM bronze.planes
    UNION ALL
    SELECT 'airports', count(*), {'tzone': count(*) - count(tzone)}::MAP(VARCHAR, BIGINT)
    FROM bronze.airports
    UNION ALL
    SELECT 'weather', count(*), {
        'temp': count(*) - count(temp),
        'wind_dir': count(*) - count(wind_dir),
        'wind_speed': count(*) - count(wind_speed),
        'wind_gust': count(*) - count(wind_gust),
        'pressure': count(*) - count(pressure)
    }::MAP(VARCHAR, BIGINT)
    FROM bronze.weather
)
SELECT
    dataset,
    entry.key AS column_name,
    entry.value AS missing,  -- @check missing > 0
    row_count,
    CAST(100.0 * entry.value / row_count AS DECIMAL(5, 2)) AS missing_percent
FROM (SELECT dataset, row_count, unnest(map_entries(missing)) AS entry FROM counted)
WHERE entry.value > 0
ORDER BY dataset, missing DESC, column_name
