-- Words that carry grammar rather than meaning, and say little of what a page is about.
-- @key word
-- @check row_count between 50 and 1000
SELECT
    unnest(english_stop_words()) AS word  -- In lower case. @regex ^[a-z']+$
