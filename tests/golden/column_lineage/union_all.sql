-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT a, w FROM silver.t UNION ALL SELECT c, 'w' FROM silver.u WHERE e > 1
