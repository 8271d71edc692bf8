-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT sum(CASE WHEN k = 1 THEN a END) AS s, count(*) FILTER (WHERE b > 1) AS n, sum(a) FILTER (WHERE b > 1) AS f FROM silver.t
