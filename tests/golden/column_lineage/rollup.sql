-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT k, grouping(k) AS level, sum(a) AS total FROM silver.t GROUP BY ROLLUP (k, w)
