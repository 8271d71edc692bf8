-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT a, b % 2 AS odd, count(*) AS n FROM silver.t GROUP BY a, b % 2 HAVING a > 3 ORDER BY a + 2, count(*) LIMIT 1
