-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT n, v, x FROM (SELECT a, b, k, z FROM silver.t) UNPIVOT ((v, x) FOR n IN ((a, b), (k, z)))
