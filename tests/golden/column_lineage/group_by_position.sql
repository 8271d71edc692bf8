-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT k, sum(b) AS total FROM silver.t GROUP BY 1
