-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT a FROM silver.t WHERE b IN (SELECT c FROM silver.u WHERE e > 0) OR (a, b) IN (SELECT k, c FROM silver.u)
