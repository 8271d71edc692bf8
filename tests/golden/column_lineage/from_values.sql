-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT a, v.n FROM silver.t JOIN (VALUES (1, 'one')) AS v(i, n) ON v.i = t.k
