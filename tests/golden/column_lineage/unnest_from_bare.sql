-- silver.n: id INTEGER, xs INTEGER[], s STRUCT(x INTEGER, y INTEGER), z INTEGER
SELECT id, u FROM silver.n, unnest(xs) AS u
