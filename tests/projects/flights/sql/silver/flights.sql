-- One row per scheduled departure, with real times instead of the numbers HHMM.
-- @key scheduled_hour, carrier, flight
-- @tag core
-- @check departed or not arrived
SELECT
    time_hour AS scheduled_hour,                                          -- UTC.
    carrier,                                                              -- @relationships silver.airlines(carrier)
    flight,
    tailnum,                                                              -- NULL only when it never left.
    origin,                                                               -- @accepted_values EWR, JFK, LGA
    dest,                                                                 -- @not_null
    make_date(year, month, day) AS flight_date,                           -- Local.
    hour::TINYINT AS scheduled_local_hour,                                -- 0 to 23.
    time_hour + to_minutes(minute) AS scheduled_at,                       -- UTC.
    time_hour + to_minutes(minute + dep_delay) AS departed_at,            -- UTC; NULL when it never left.
    dep_time IS NOT NULL AS departed,
    arr_delay IS NOT NULL AS arrived,                                     -- Reached its destination, and we know when.
    dep_delay::SMALLINT AS departure_delay,                               -- Minutes; negative is early.
    arr_delay::SMALLINT AS arrival_delay,                                 -- Minutes; negative is early.
    air_time::SMALLINT AS air_minutes,
    distance::INTEGER AS miles,                                           -- @check miles > 0
    CAST(distance * 60.0 / nullif(air_time, 0) AS DECIMAL(6, 1)) AS mph   -- Average ground speed.
FROM bronze.flights
