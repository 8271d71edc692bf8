-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT u FROM silver.u
