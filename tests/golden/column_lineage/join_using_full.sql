-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT k, a FROM silver.t FULL JOIN silver.u USING (k)
