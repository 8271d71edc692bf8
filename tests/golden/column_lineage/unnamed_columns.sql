-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT "sum(a)", w FROM (SELECT w, sum(a), max(b) FROM silver.t GROUP BY w)
