-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT * FROM (SELECT a, k, b AS ts FROM silver.t) ASOF LEFT JOIN (SELECT c, k, e AS ts FROM silver.u) USING (k, ts)
