-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
SELECT rank() OVER two AS r, sum(a) OVER (one ORDER BY w) AS s, count(*) OVER one AS n FROM silver.t WINDOW one AS (PARTITION BY k), two AS (one ORDER BY b)
