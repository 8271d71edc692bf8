-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) AS median, mode() WITHIN GROUP (ORDER BY b) AS common FROM silver.t
