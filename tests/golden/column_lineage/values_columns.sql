-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT a, col0, col1 FROM silver.t, LATERAL (VALUES (t.b, 1))
