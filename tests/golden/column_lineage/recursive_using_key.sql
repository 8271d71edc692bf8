-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
WITH RECURSIVE r(n, m) USING KEY (n) AS (
  SELECT k, a FROM silver.t
  UNION
  SELECT n, m + 1 FROM r WHERE m < 3 AND EXISTS (FROM recurring.r AS o WHERE o.n = r.n)
)
SELECT m FROM r
