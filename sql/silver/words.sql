-- How often each word stands on each page: the tokens without their order.
-- @key page, word
SELECT
    page,                              -- @relationships silver.text(page)
    token AS word,                     -- In lower case.
    count(*) AS occurrences,           -- @check occurrences >= 1
    min(position) AS first_position    -- Where it stands first, from 1. @check first_position >= 1
FROM silver.tokens
GROUP BY page, token
