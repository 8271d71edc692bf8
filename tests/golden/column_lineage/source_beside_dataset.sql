-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT a, r.x FROM silver.t, (SELECT 1 AS x) AS r
