-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT k, COLUMNS(* EXCLUDE (k, z)) * e FROM silver.u
