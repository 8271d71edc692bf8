-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT COLUMNS(lambda c: c LIKE 'a%') + 1 FROM silver.t
