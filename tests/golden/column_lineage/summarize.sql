-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SUMMARIZE silver.u
