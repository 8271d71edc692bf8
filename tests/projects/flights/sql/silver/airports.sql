-- One row per airport, with metric units and the distance to New York.
-- @key faa
WITH new_york AS (
    SELECT avg(lat) AS lat, avg(lon) AS lon
    FROM (SELECT lat, lon FROM bronze.airports WHERE faa IN ('EWR', 'JFK', 'LGA') ORDER BY faa)
)
SELECT
    a.faa,
    trim(a.name) AS airport,
    a.lat AS latitude,               -- Degrees north. @check latitude between -90 and 90
    a.lon AS longitude,              -- Degrees east. @check longitude between -180 and 180
    CAST(a.alt * 0.3048 AS DECIMAL(6, 1)) AS altitude_m,
    a.tzone AS time_zone,            -- IANA name; NULL for three airports.
    CASE a.dst WHEN 'A' THEN true WHEN 'N' THEN false END AS daylight_saving,  -- NULL is unknown.
    round(
        2 * 6371 * asin(sqrt(
            pow(sin(radians(a.lat - n.lat) / 2), 2)
            + cos(radians(a.lat)) * cos(radians(n.lat)) * pow(sin(radians(a.lon - n.lon) / 2), 2)
        ))
    )::INTEGER AS km_from_new_york   -- Great circle, to the middle of the three airports.
FROM bronze.airports AS a
CROSS JOIN new_york AS n
