-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT silver.t.a, memory.silver.t.b, t.k FROM silver.t
