-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT b AS a, a + 1 AS next FROM silver.t WHERE a > 3
