-- The shop's orders as exported, one row per export: an order comes again whenever it changes.
SELECT
    order_id,
    customer,
    status,
    total,
    ordered_at,
    exported_at
FROM read_csv(
    'sources/orders.csv',
    header = true,
    columns = {
        'order_id': 'BIGINT',
        'customer': 'VARCHAR',
        'status': 'VARCHAR',
        'total': 'DECIMAL(12, 2)',
        'ordered_at': 'TIMESTAMP',
        'exported_at': 'TIMESTAMP'
    }
)
