-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT a + b AS sum, a::VARCHAR AS text, upper(w), 1 AS one FROM silver.t
