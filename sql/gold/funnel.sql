-- The story in six rows: what each step of cleaning leaves of the pages.
-- @key step
WITH steps AS (
    SELECT 1 AS step, 'HTML as it came' AS stage, count(*) AS pages, sum(length(html)) AS characters FROM bronze.pages
    UNION ALL
    SELECT 2, 'text that a reader sees', count(*), sum(length(text)) FROM silver.text
    UNION ALL
    SELECT 3, 'words without numbers and signs', count(*), sum(length(plain)) FROM silver.text
    UNION ALL
    SELECT 4, 'without stop words as well', count(*), sum(length(topical)) FROM silver.text
    UNION ALL
    SELECT 5, 'words taken for English', count(*), sum(length(text)) FROM silver.english
    UNION ALL
    SELECT 6, 'the training corpus', count(*), sum(length(text)) FROM gold.corpus
)
SELECT
    step,                                                          -- In order, from 1.
    stage,                                                         -- What it is. @not_null @unique
    pages,                                                         -- @check pages >= 0
    CAST(coalesce(characters, 0) AS BIGINT) AS characters          -- Of all pages together. @check characters >= 0
FROM steps
