-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT list(a ORDER BY b) AS xs, string_agg(w, ',' ORDER BY k) AS text FROM silver.t
