-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT greatest(*COLUMNS('c|e')) AS top FROM silver.u
