-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT a, sum(a) OVER (PARTITION BY k ORDER BY b) AS running, lag(w) OVER (ORDER BY b) AS before FROM silver.t
