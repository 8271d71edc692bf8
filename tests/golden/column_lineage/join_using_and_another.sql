-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT * FROM (SELECT a, k FROM silver.t) AS t JOIN (SELECT k, c FROM silver.u) AS u USING (k), (SELECT b AS k FROM silver.t) AS v
