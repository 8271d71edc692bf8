-- The vocabulary of the corpus: every word, how often and how widely it is used, and how much it tells.
-- @key word
WITH used AS (
    SELECT words.word, CAST(sum(words.occurrences) AS BIGINT) AS occurrences, count(*) AS pages
    FROM silver.words AS words
    SEMI JOIN gold.corpus AS corpus ON corpus.page = words.page
    GROUP BY words.word
),
size AS (
    SELECT count(*) AS pages
    FROM gold.corpus
)
SELECT
    used.word,                                                                  -- In lower case.
    used.occurrences,                                                           -- @check occurrences >= pages
    used.pages,                                                                 -- How many use it. @check pages >= 1
    row_number() OVER (ORDER BY used.occurrences DESC, used.word) AS rank,      -- 1 is the most frequent. @unique
    CAST(ln(size.pages / used.pages) AS DECIMAL(9, 4)) AS idf,                  -- 0 for a word on all. @check idf >= 0
    used.word IN (SELECT stop.word FROM silver.stop_words AS stop) AS is_stop_word,   -- @not_null
    used.word IN (SELECT known.word FROM silver.known_words AS known) AS is_known     -- In English? @not_null
FROM used
CROSS JOIN size
