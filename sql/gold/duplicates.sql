-- Which pages say the same. Two are the same where their texts are once each page's own name and all numbers are left
-- out: the page of one code page differs from that of the next in little else.
-- @key page
WITH anonymous AS (
    -- A name's last part goes too: it is what a module calls itself.
    SELECT
        page,
        replace(replace(lower(clean), lower(page), ' '), lower(split_part(page, '.', -1)), ' ') AS text
    FROM silver.text
),
skeletons AS (
    SELECT page, md5(remove_numbers(text)) AS skeleton
    FROM anonymous
)
SELECT
    page,                                                     -- @relationships silver.text(page)
    min(page) OVER (PARTITION BY skeleton) AS original,       -- The first of them by name, mostly itself. @not_null
    count(*) OVER (PARTITION BY skeleton) AS copies,          -- How many pages say this. @check copies >= 1
    skeleton                                                  -- The md5 of what was compared. @not_null
FROM skeletons
