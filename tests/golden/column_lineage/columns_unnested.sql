-- silver.n: id INTEGER, xs INTEGER[], ys INTEGER[]
SELECT unnest(COLUMNS('.s')), id FROM silver.n
