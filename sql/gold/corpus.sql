-- The training corpus: pages worth reading, each once. A page of fewer than 50 words is left out, and of pages that say
-- the same only the first by name stays.
-- @key page
-- @check row_count >= 1
WITH counted AS (
    SELECT page, CAST(sum(occurrences) AS BIGINT) AS words
    FROM silver.words
    GROUP BY page
)
SELECT
    text.page,             -- @relationships silver.text(page)
    text.title,            -- What the page calls itself; empty where it has no title.
    counted.words,         -- How many. @check words >= 50
    text.clean AS text     -- What a model reads. @not_null @unique
FROM silver.text AS text
JOIN counted ON counted.page = text.page
JOIN gold.duplicates AS duplicates ON duplicates.page = text.page
WHERE counted.words >= 50 AND duplicates.original = text.page
