-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT * EXCLUDE (z) REPLACE (a + b AS b) RENAME (w AS word) FROM silver.t
