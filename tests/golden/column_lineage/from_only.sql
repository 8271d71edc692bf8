-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
FROM silver.u
