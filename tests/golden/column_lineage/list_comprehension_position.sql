-- silver.n: id INTEGER, xs INTEGER[], s STRUCT(x INTEGER, y INTEGER), z INTEGER
SELECT [x + z FOR x, z IN xs] AS ys FROM silver.n
