-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT a, (SELECT max(c) FROM silver.u WHERE u.k = t.k) AS top FROM silver.t
