-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT * FROM (SELECT max(a), k FROM silver.t GROUP BY k) NATURAL JOIN (SELECT k, c FROM silver.u)
