-- Which page links to which other, and whether that one exists: the web that the pages make.
-- @key source, target
WITH edges AS (
    SELECT page AS source, target, count(*) AS links, arg_min(text, position) AS text
    FROM silver.links
    WHERE kind = 'page' AND target <> page
    GROUP BY page, target
)
SELECT
    edges.source,                                                                 -- @relationships bronze.pages(page)
    edges.target,                                                                 -- The page linked to.
    edges.links,                                                                  -- How many. @check links >= 1
    edges.text,                                                                   -- What the first of them says.
    edges.target IN (SELECT pages.page FROM bronze.pages AS pages) AS target_exists  -- Not broken. @not_null
FROM edges
