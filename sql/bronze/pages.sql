-- Web pages as they came: one row per HTML file in sources/pages, nothing taken away.
-- @key page
-- @check row_count >= 1
-- @tag raw
SELECT
    parse_filename(filename, true) AS page,                -- The file's name without its ending. @not_null
    'sources/pages/' || parse_filename(filename) AS path,  -- Where it lies in the project. @unique
    size,                                                  -- In bytes. @check size >= 0
    content AS html                                        -- The whole page, markup and all. @not_null
FROM read_text('sources/pages/*.html')
