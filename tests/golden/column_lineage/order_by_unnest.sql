-- silver.n: id INTEGER, xs INTEGER[], z INTEGER
SELECT id FROM silver.n ORDER BY unnest(xs)
