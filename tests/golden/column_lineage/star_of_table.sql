-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT u.*, t.* EXCLUDE (z, k) FROM silver.t JOIN silver.u ON t.k = u.k
