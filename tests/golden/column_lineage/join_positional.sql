-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT a, c FROM silver.t POSITIONAL JOIN silver.u
