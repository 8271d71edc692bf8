-- A quality report: for each page what cleaning found, and whether the corpus has it. Shares are from 0 to 1, and NULL
-- on a page that has nothing to share.
-- @key page
WITH counted AS (
    SELECT
        words.page,
        CAST(sum(words.occurrences) AS BIGINT) AS words,
        count(*) AS distinct_words,
        sum(words.occurrences) FILTER (stop.word IS NOT NULL) AS stop_words,
        sum(words.occurrences) FILTER (known.word IS NOT NULL) AS known_words
    FROM silver.words AS words
    LEFT JOIN silver.stop_words AS stop ON stop.word = words.word
    LEFT JOIN silver.known_words AS known ON known.word = words.word
    GROUP BY words.page
),
linked AS (
    SELECT
        links.page,
        count(*) AS links,
        count(*) FILTER (links.kind = 'page' AND pages.page IS NULL) AS broken_links
    FROM silver.links AS links
    LEFT JOIN bronze.pages AS pages ON pages.page = links.target
    GROUP BY links.page
),
measured AS (
    SELECT
        pages.page,
        pages.size AS html_bytes,
        length(text.text) AS characters,
        coalesce(counted.words, 0) AS words,
        coalesce(counted.distinct_words, 0) AS distinct_words,
        CAST(length(text.text) / nullif(length(pages.html), 0) AS DECIMAL(5, 4)) AS text_share,
        CAST(coalesce(counted.stop_words, 0) / counted.words AS DECIMAL(5, 4)) AS stop_word_share,
        CAST(coalesce(counted.known_words, 0) / counted.words AS DECIMAL(5, 4)) AS known_share,
        len(regexp_extract_all(text.text, '&(?:[A-Za-z]+|#[0-9]+);')) AS leftover_entities,
        coalesce(linked.links, 0) AS links,
        coalesce(linked.broken_links, 0) AS broken_links,
        duplicates.original,
        CASE
            WHEN corpus.page IS NOT NULL THEN 'kept'
            WHEN duplicates.original <> pages.page THEN 'duplicate'
            ELSE 'near-empty'
        END AS verdict
    FROM bronze.pages AS pages
    JOIN silver.text AS text ON text.page = pages.page
    JOIN gold.duplicates AS duplicates ON duplicates.page = pages.page
    LEFT JOIN counted ON counted.page = pages.page
    LEFT JOIN linked ON linked.page = pages.page
    LEFT JOIN gold.corpus AS corpus ON corpus.page = pages.page
)
SELECT
    page,                 -- @relationships bronze.pages(page)
    html_bytes,           -- The size of the page as it came. @check html_bytes >= 0
    characters,           -- The length of what a reader sees of it. @check characters >= 0
    words,                -- @check words >= distinct_words
    distinct_words,       -- @check distinct_words >= 0
    text_share,           -- Text for readers in the HTML's characters. @range 0 to 1
    stop_word_share,      -- Stop words in all words: a quarter or more in prose, little in lists. @range 0 to 1
    known_share,          -- Words taken for English in all words. @range 0 to 1
    leftover_entities,    -- Entities that still stand in the text: the author encoded them twice. @not_null
    links,                -- @check links >= broken_links
    broken_links,         -- To pages that are not here. @not_null
    original,             -- The first page that says the same, mostly this one. @not_null
    verdict               -- In the corpus, or why not. @accepted_values kept, duplicate, near-empty
FROM measured
