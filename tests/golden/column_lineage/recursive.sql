-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
WITH RECURSIVE r(n, m) AS (
  SELECT a, b FROM silver.t
  UNION ALL
  SELECT n + 1, m FROM r WHERE n < 3 AND m < (SELECT max(k) FROM silver.t)
)
SELECT n, m FROM r
