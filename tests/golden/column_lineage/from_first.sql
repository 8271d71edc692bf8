-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
FROM silver.t SELECT a WHERE b > 1
