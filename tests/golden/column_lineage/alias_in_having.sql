-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT k, max(b) AS a FROM silver.t GROUP BY k HAVING a > 1
