-- One row per registered plane, with the maker's many spellings made one.
-- @key tailnum
SELECT
    tailnum,
    year::SMALLINT AS built,       -- Year of manufacture; NULL where the register has none.
    2013 - year::SMALLINT AS age,  -- Years, in 2013. @check age >= 0
    CASE
        WHEN manufacturer LIKE 'AIRBUS%' THEN 'Airbus'
        WHEN manufacturer LIKE 'MCDONNELL DOUGLAS%' THEN 'McDonnell Douglas'
        ELSE array_to_string([upper(word[1]) || lower(word[2:]) FOR word IN string_split(manufacturer, ' ')], ' ')
    END AS manufacturer,
    model,
    type AS kind,
    engines::TINYINT AS engines,
    engine,
    seats::SMALLINT AS seats       -- @check seats > 0
FROM bronze.planes
