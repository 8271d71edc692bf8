-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT * EXCLUDE (w, t.z, u.z) FROM silver.t LEFT JOIN silver.u USING (k)
