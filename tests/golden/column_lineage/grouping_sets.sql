-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT k, w, sum(a) AS total FROM silver.t GROUP BY GROUPING SETS ((k, w), (k), ())
