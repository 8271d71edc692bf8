-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT upper(w) AS word, sum(b) AS total FROM silver.t GROUP BY word
