-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
SELECT k, t.k AS left_k, u.k AS right_k FROM silver.t RIGHT JOIN silver.u USING (k)
