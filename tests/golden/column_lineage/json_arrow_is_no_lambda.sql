-- bronze.j: js JSON, k VARCHAR, z INTEGER
SELECT json_array_length(js -> '$.a') AS n, coalesce(js ->> k, '') AS v FROM bronze.j
