-- The text of each page in several versions, from what a reader sees to what a bag-of-words model wants. Each is made
-- from the one before it by a step or two of sql/macros/text.sql.
-- @key page
-- @warn row_count between 100 and 100000
WITH visible AS MATERIALIZED (
    SELECT page, html_title(html) AS title, html_to_text(html) AS text
    FROM bronze.pages
),
printable AS MATERIALIZED (
    SELECT page, title, text, remove_non_printable(remove_emojis(text)) AS clean
    FROM visible
),
lettered AS MATERIALIZED (
    SELECT
        page, title, text, clean,
        remove_non_ascii(fold_to_ascii(clean)) AS ascii,
        lower(remove_special_characters(remove_punctuation(remove_numbers(remove_other_scripts(clean))))) AS plain
    FROM printable
),
stop_words AS (
    SELECT coalesce(list(word ORDER BY word), []) AS list
    FROM silver.stop_words
)
SELECT
    page,     -- @relationships bronze.pages(page)
    title,    -- What the page calls itself; empty where it has no title.
    text,     -- All that a reader sees, a line for each block. For search and for reading. @not_null
    clean,    -- Without emojis and characters that have no glyph. For training a language model. @not_null
    ascii,    -- Folded to ASCII, and the rest left out. For tools that know nothing else. @not_null
    plain,    -- Words in lower case, no numbers, punctuation, symbols or other scripts. For classifiers. @not_null
    remove_stop_words(plain, stop_words.list) AS topical  -- Without stop words as well. For topic models. @not_null
FROM lettered
CROSS JOIN stop_words
