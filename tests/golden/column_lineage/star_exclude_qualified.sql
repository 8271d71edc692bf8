-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT * EXCLUDE (t.k, u.z) FROM (SELECT a, k, z FROM silver.t) AS t JOIN silver.u USING (k)
