-- Every link of every page, with its address written in one way.
-- @key page, position
WITH found AS (
    SELECT page, html_links(html) AS links
    FROM bronze.pages
),
listed AS (
    SELECT page, generate_subscripts(links, 1) AS position, unnest(links) AS link
    FROM found
),
normalised AS MATERIALIZED (
    SELECT page, position, link.href AS href, link.text AS text, normalise_url(link.href) AS url
    FROM listed
),
told_apart AS (
    SELECT
        page, position, href, text, url,
        CASE
            WHEN url = '' THEN 'self'
            WHEN regexp_matches(url, '^(?:https?:)?//') THEN 'web'
            WHEN regexp_full_match(url, '[^/:?]+\.html') THEN 'page'
            ELSE 'other'
        END AS kind
    FROM normalised
)
SELECT
    page,                                     -- The page that links. @relationships bronze.pages(page)
    CAST(position AS INTEGER) AS position,    -- The how-manieth link of the page, from 1. @check position >= 1
    href,                                     -- The address as the page has it. @not_null
    url,                                      -- The same normalised; empty for the page itself. @not_null
    text,                                     -- What a reader clicks on. @not_null
    kind,                                     -- @accepted_values self, web, page, other
    -- The page linked to, whether we have it or not; NULL where it is somewhere else.
    CASE kind WHEN 'self' THEN page WHEN 'page' THEN parse_filename(url, true) END AS target
FROM told_apart
