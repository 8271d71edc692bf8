-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT min(w COLLATE nocase) AS w FROM silver.t
