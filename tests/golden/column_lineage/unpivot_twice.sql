-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
UNPIVOT (UNPIVOT (SELECT a, b, k FROM silver.t) ON a) ON b
