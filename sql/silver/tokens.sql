-- The words of each page in reading order.
-- @key page, position
WITH split AS (
    SELECT page, words(clean) AS words
    FROM silver.text
)
SELECT
    page,                                                          -- @relationships silver.text(page)
    CAST(generate_subscripts(words, 1) AS INTEGER) AS position,    -- From 1. @check position >= 1
    unnest(words) AS token                                         -- In lower case. @not_null
FROM split
