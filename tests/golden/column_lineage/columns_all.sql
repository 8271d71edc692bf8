-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT max(COLUMNS(*)) FROM silver.u
