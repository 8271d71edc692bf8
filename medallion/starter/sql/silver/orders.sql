-- One row per order; the latest export wins.
-- @key order_id
SELECT
    order_id,    -- The shop's own number.
    customer,
    status,      -- @accepted_values placed, shipped, returned
    total,       -- In euros, tax included. @check total >= 0
    ordered_at   -- When the customer pressed the button, UTC.
FROM bronze.orders
QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY exported_at DESC) = 1
