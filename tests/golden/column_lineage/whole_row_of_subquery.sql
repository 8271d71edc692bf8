-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT max(q) AS q FROM (SELECT a, b FROM silver.t) AS q
