-- What was earned each month, returned orders left out.
-- @key month
SELECT
    date_trunc('month', ordered_at)::DATE AS month,
    count(*) AS orders,
    sum(total) AS revenue   -- In euros, tax included.
FROM silver.orders
WHERE status <> 'returned'
GROUP BY ALL
