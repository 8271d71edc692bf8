-- The words of each page that are in the target language, and nothing else.
-- @key page
WITH kept AS (
    SELECT
        page,
        keep_words(
            clean,
            (SELECT coalesce(list(known.word ORDER BY known.word), []) FROM silver.known_words AS known)
        ) AS text
    FROM silver.text
)
SELECT
    page,    -- @relationships silver.text(page)
    text     -- In lower case, one space between words; empty where none is known. @not_null
FROM kept
