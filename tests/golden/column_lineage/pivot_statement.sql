-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
PIVOT (SELECT a, b, k FROM silver.t) ON k IN (1, 2) USING sum(a)
