-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT w.upper() AS u, t.w.lower() AS l, a.add(b) AS s FROM silver.t
