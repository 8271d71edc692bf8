-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT a, n FROM silver.t AS o LEFT JOIN (SELECT count(*) AS n FROM silver.u WHERE u.k = o.k) ON true
