-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT k, sum(sum(a)) OVER (ORDER BY k) AS running, rank() OVER (ORDER BY max(b)) AS place FROM silver.t GROUP BY k
