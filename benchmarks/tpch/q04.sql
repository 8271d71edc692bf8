-- Order priority checking, query 4 of TPC-H with its validation parameters.
-- @key o_orderpriority
SELECT o_orderpriority, count(*) AS order_count
FROM bronze.orders
WHERE o_orderdate >= DATE '1993-07-01'
    AND o_orderdate < DATE '1993-07-01' + INTERVAL 3 MONTH
    AND EXISTS (FROM bronze.lineitem WHERE l_orderkey = o_orderkey AND l_commitdate < l_receiptdate)
GROUP BY o_orderpriority
