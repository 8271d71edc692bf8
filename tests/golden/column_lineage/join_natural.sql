-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT a, c FROM (SELECT a, k FROM silver.t) NATURAL JOIN (SELECT c, k FROM silver.u)
