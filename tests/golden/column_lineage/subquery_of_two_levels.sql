-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT a FROM silver.t WHERE b > (SELECT max(c) FROM silver.u WHERE EXISTS (SELECT 1 FROM silver.u AS v WHERE v.e = t.k AND v.z = u.z))
