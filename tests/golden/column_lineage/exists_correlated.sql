-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT a FROM silver.t WHERE EXISTS (FROM silver.u WHERE u.k = t.k AND u.c > 3)
