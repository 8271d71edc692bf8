-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
UNPIVOT (SELECT a, b, k FROM silver.t) ON a, b INTO NAME n VALUE v
