-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT * FROM (SELECT w, a, k FROM silver.t WHERE b > 2) PIVOT (sum(a) FOR k IN (1, 2))
