-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
PIVOT silver.t ON k IN (1, 2) USING sum(a) AS s, max(b) AS m GROUP BY w
