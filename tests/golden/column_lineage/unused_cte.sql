-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
WITH unused AS (SELECT c FROM silver.u) SELECT a FROM silver.t
