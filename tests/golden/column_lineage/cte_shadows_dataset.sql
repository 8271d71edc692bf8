-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
WITH t AS (SELECT c AS a FROM silver.u) SELECT t.a, x.a AS b FROM t, silver.t AS x
