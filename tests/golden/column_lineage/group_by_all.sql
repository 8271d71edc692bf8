-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT k, a % 2 AS odd, sum(b) AS total FROM silver.t GROUP BY ALL
