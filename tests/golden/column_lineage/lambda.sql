-- silver.n: id INTEGER, xs INTEGER[], s STRUCT(x INTEGER, y INTEGER), z INTEGER
SELECT list_transform(xs, lambda z: z + id) AS ys, list_filter(xs, lambda x, z: z > 1) AS fs, list_reduce(xs, lambda p, q: p + q, z) AS r FROM silver.n
