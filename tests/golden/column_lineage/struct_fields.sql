-- silver.n: id INTEGER, xs INTEGER[], s STRUCT(x INTEGER, y INTEGER), z INTEGER
SELECT s.x, n.s.y AS y, s['x'] AS bracket, (s).y AS dotted, silver.n.s.x AS full_name FROM silver.n
