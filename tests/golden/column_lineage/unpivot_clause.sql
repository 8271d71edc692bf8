-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT k, n, v FROM (SELECT a, b, k FROM silver.t) UNPIVOT (v FOR n IN (a, b))
