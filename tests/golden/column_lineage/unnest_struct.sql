-- silver.n: id INTEGER, xs INTEGER[], s STRUCT(x INTEGER, y INTEGER), z INTEGER
SELECT id, unnest(s) FROM silver.n
