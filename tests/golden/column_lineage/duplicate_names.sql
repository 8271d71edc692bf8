-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT a, k, k_1 FROM (SELECT t.a, t.k, u.k FROM silver.t, silver.u)
