-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT * REPLACE (a + c AS k) FROM (SELECT a, k FROM silver.t) AS t, (SELECT k, c FROM silver.u) AS u
