-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT a FROM silver.t WHERE b > ALL (SELECT c FROM silver.u) OR b = ANY (SELECT e FROM silver.u)
