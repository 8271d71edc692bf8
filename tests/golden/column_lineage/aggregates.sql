-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT k, sum(a) AS total, max(b) - min(b) AS spread, count(DISTINCT w), entropy(a) AS h FROM silver.t GROUP BY k
