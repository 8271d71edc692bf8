-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
WITH s AS (SELECT k, sum(a) AS total FROM silver.t GROUP BY k)
SELECT total, total + 1 AS more FROM s
