-- Rows of sources/flights.csv, as they came: one row per scheduled departure from New York City in 2013.
-- @key time_hour, carrier, flight
-- @check row_count between 1 and 10000000
SELECT
    year,            -- Of departure, as month and day.
    month,
    day,
    dep_time,        -- Local time as the number HHMM; 2400 is midnight. NULL when the flight never left.
    sched_dep_time,  -- Local time as HHMM.
    dep_delay,       -- Minutes; negative is early.
    arr_time,        -- Local time at the destination, HHMM.
    sched_arr_time,
    arr_delay,       -- Minutes; negative is early.
    carrier,         -- @relationships bronze.airlines(carrier)
    flight,          -- Flight number.
    tailnum,         -- The plane.
    origin,          -- @accepted_values EWR, JFK, LGA
    dest,
    air_time,        -- Minutes in the air.
    distance,        -- Miles.
    hour,            -- Hour of the scheduled departure, local.
    minute,
    time_hour        -- The hour of the scheduled departure, UTC.
FROM read_csv(
    'sources/flights.csv',
    auto_detect = false,
    header = true,
    delim = ',',
    nullstr = 'NA',
    columns = {
        'year': 'BIGINT',
        'month': 'BIGINT',
        'day': 'BIGINT',
        'dep_time': 'BIGINT',
        'sched_dep_time': 'BIGINT',
        'dep_delay': 'BIGINT',
        'arr_time': 'BIGINT',
        'sched_arr_time': 'BIGINT',
        'arr_delay': 'BIGINT',
        'carrier': 'VARCHAR',
        'flight': 'BIGINT',
        'tailnum': 'VARCHAR',
        'origin': 'VARCHAR',
        'dest': 'VARCHAR',
        'air_time': 'BIGINT',
        'distance': 'BIGINT',
        'hour': 'BIGINT',
        'minute': 'BIGINT',
        'time_hour': 'TIMESTAMP'
    }
)
