-- silver.n: id INTEGER, xs INTEGER[], s STRUCT(x INTEGER, y INTEGER), z INTEGER
SELECT s.*, id FROM silver.n
