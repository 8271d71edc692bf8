-- silver.n: id INTEGER, xs INTEGER[], s STRUCT(x INTEGER, y INTEGER), z INTEGER
SELECT id, x FROM silver.n, unnest(n.xs) AS u(x)
