-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
WITH one AS (SELECT a, k FROM silver.t WHERE b > 1), two(p, q) AS (SELECT * FROM one)
SELECT p, c FROM two JOIN silver.u ON u.k = q
