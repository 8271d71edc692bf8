-- One row per airline, without the legal form in its name.
-- @key carrier
SELECT
    carrier,                                                              -- @not_null
    regexp_replace(name, '\s+(Inc\.|Co\.|Corporation)$', '') AS airline   -- @not_null @unique
FROM bronze.airlines
