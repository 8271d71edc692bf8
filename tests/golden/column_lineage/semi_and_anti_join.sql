-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT a FROM silver.t SEMI JOIN silver.u USING (k) ANTI JOIN silver.u AS v ON v.c = t.b
