-- silver.n: id INTEGER, xs INTEGER[], s STRUCT(x INTEGER, y INTEGER), z INTEGER
SELECT id FROM silver.n, LATERAL (SELECT unnest(xs) AS x) WHERE x > 1
