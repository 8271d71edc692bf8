-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT a + 1 AS x, x * k AS y FROM silver.t WHERE x > b
