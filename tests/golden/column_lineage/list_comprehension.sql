-- silver.n: id INTEGER, xs INTEGER[], s STRUCT(x INTEGER, y INTEGER), z INTEGER
SELECT [z + id FOR z IN xs IF z > 1] AS ys FROM silver.n
