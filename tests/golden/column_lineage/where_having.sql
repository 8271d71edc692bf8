-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT k, count(*) AS n FROM silver.t WHERE b > 1 GROUP BY k HAVING max(a) > 2
