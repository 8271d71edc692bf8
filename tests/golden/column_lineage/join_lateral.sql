-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT a, twice FROM silver.t, LATERAL (SELECT t.b * 2 AS twice WHERE t.k > 1)
