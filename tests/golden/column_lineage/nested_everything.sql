-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- silver.u: k INTEGER, c INTEGER, e INTEGER, z INTEGER
WITH latest AS (
  SELECT * EXCLUDE (z) FROM silver.t QUALIFY row_number() OVER (PARTITION BY k ORDER BY b DESC) = 1
), totals AS (
  SELECT k, sum(c) AS total, count(*) AS n FROM silver.u WHERE e IS NOT NULL GROUP BY ALL
)
SELECT l.k, upper(l.w) AS word, coalesce(s.total, 0) AS total, total / n AS mean
FROM latest AS l LEFT JOIN totals AS s USING (k)
WHERE l.a > 0 ORDER BY total DESC LIMIT 10
