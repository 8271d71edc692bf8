-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT DISTINCT ON (k % 2) a, b FROM silver.t ORDER BY k % 2, w DESC, z
