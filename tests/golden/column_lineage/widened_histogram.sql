-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
FROM histogram(silver.t, a)
