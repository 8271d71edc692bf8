-- silver.d: unit VARCHAR, x DATE, y DATE, day INTEGER
SELECT date_diff(unit, x, y) AS n, date_diff('day', x, y) AS d FROM silver.d
