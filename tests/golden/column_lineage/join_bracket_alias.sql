-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT q.a, q.c FROM (silver.t JOIN silver.u USING (k)) AS q
