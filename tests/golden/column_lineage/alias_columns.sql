-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT x.one, x.c FROM silver.u AS x(one)
