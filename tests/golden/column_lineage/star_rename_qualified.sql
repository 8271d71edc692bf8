-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT * RENAME (u.k AS other) FROM (SELECT a, k FROM silver.t) AS t JOIN silver.u ON t.k < u.k
