-- Customer distribution, query 13 of TPC-H with its validation parameters.
-- @key c_count
SELECT c_count, count(*) AS custdist
FROM (
    SELECT c_custkey, count(o_orderkey) AS c_count
    FROM bronze.customer
    LEFT JOIN bronze.orders ON c_custkey = o_custkey AND o_comment NOT LIKE '%special%requests%'
    GROUP BY c_custkey
) AS c_orders
GROUP BY c_count
