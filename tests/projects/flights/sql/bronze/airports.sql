-- Rows of sources/airports.csv, as they came. Not every destination is in it.
-- @key faa
SELECT
    faa,    -- FAA airport code.
    name,
    lat,    -- Degrees north.
    lon,    -- Degrees east.
    alt,    -- Feet above the sea.
    tz,     -- Hours from UTC, without daylight saving.
    dst,    -- Daylight saving: A as in the USA, N none, U unknown.
    tzone   -- IANA time zone.
FROM read_csv(
    'sources/airports.csv',
    auto_detect = false,
    header = true,
    delim = ',',
    nullstr = 'NA',
    columns = {
        'faa': 'VARCHAR',
        'name': 'VARCHAR',
        'lat': 'DOUBLE',
        'lon': 'DOUBLE',
        'alt': 'BIGINT',
        'tz': 'BIGINT',
        'dst': 'VARCHAR',
        'tzone': 'VARCHAR'
    }
)
