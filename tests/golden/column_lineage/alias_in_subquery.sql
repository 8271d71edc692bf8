-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT a + 1 AS x, (SELECT max(c) FROM silver.u WHERE u.k < x) AS top FROM silver.t
