-- Rows of sources/airlines.csv, as they came: the names behind the carrier codes.
-- @key carrier
SELECT
    carrier,  -- Two-letter code.
    name      -- @not_null
FROM read_csv(
    'sources/airlines.csv',
    auto_detect = false,
    header = true,
    delim = ',',
    nullstr = 'NA',
    columns = {
        'carrier': 'VARCHAR',
        'name': 'VARCHAR'
    }
)
