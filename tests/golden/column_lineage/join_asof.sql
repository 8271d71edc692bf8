-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT a, c FROM silver.t ASOF JOIN silver.u ON t.k = u.k AND t.b >= u.e
