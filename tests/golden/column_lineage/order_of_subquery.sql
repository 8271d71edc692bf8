-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT first(a) AS f FROM (SELECT a FROM silver.t ORDER BY b)
