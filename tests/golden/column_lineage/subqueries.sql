-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT q.x, y FROM (SELECT a AS x, b + 1 AS y, w FROM (SELECT * FROM silver.t)) AS q WHERE w = 'v'
