-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT a, v.c FROM silver.t LEFT JOIN (silver.u AS v JOIN silver.u AS x ON v.k = x.e) ON t.k = v.k
