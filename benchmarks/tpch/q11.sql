-- Important stock identification, query 11 of TPC-H with its validation parameters.
-- @key ps_partkey
SELECT ps_partkey, sum(ps_supplycost * ps_availqty) AS value
FROM bronze.partsupp, bronze.supplier, bronze.nation
WHERE ps_suppkey = s_suppkey
    AND s_nationkey = n_nationkey
    AND n_name = 'GERMANY'
GROUP BY ps_partkey
HAVING sum(ps_supplycost * ps_availqty) > (
    SELECT sum(ps_supplycost * ps_availqty) * 0.0001
    FROM bronze.partsupp, bronze.supplier, bronze.nation
    WHERE ps_suppkey = s_suppkey
        AND s_nationkey = n_nationkey
        AND n_name = 'GERMANY'
)
