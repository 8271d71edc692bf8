-- The words that we take for English: spelt with a to z alone, and used by at least three pages. What pages agree on is
-- language; what only one or two have is a name, an identifier, a typo or a foreign word. This needs no dictionary, and
-- is only as good: a rare English word is left out, a foreign one that many pages quote gets in, and so does jargon.
-- @key word
SELECT
    word,                -- In lower case. @regex ^[a-z]+$
    count(*) AS pages    -- How many pages use it. @check pages >= 3
FROM silver.words
WHERE regexp_full_match(word, '[a-z]{2,}') OR word IN ('a', 'i')
GROUP BY word
HAVING count(*) >= 3
