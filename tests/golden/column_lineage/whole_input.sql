-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
-- whole: silver.u
-- macro: top(x) AS (SELECT max(c) FROM silver.u WHERE u.k = x)
SELECT a, top(k) AS top FROM silver.t
