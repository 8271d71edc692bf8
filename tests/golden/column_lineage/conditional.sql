-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT CASE WHEN a > 1 THEN b ELSE k END AS c, CASE w WHEN 'x' THEN 1 END AS one, if(a > 1, b, k) AS i, coalesce(a, b) AS co, nullif(a, b) AS nu FROM silver.t
