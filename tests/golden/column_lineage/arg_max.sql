-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT k, arg_max(w, b) AS latest FROM silver.t GROUP BY k
