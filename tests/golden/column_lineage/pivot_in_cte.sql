-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
WITH p AS (PIVOT silver.t ON k IN (1, 2) USING sum(a) GROUP BY w) SELECT w, "1" + "2" AS s FROM p
