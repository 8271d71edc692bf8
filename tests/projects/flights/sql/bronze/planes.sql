-- Rows of sources/planes.csv, as they came: the FAA's register of planes.
-- @key tailnum
SELECT
    tailnum,
    year,     -- Of manufacture.
    type,
    manufacturer,
    model,
    engines,  -- How many.
    seats,
    speed,    -- Average cruising speed, miles an hour; almost always missing.
    engine    -- Kind of engine.
FROM read_csv(
    'sources/planes.csv',
    auto_detect = false,
    header = true,
    delim = ',',
    nullstr = 'NA',
    columns = {
        'tailnum': 'VARCHAR',
        'year': 'BIGINT',
        'type': 'VARCHAR',
        'manufacturer': 'VARCHAR',
        'model': 'VARCHAR',
        'engines': 'BIGINT',
        'seats': 'BIGINT',
        'speed': 'BIGINT',
        'engine': 'VARCHAR'
    }
)
