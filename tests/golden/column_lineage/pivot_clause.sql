-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT p.w, "1" FROM (SELECT w, a, k FROM silver.t) PIVOT (sum(a) FOR k IN (1, 2)) AS p
