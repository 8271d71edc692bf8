-- One row per route: who flies it, how often, how late.
-- @key origin, dest
WITH by_carrier AS (
    SELECT
        origin,
        dest,
        carrier,
        count(*) AS flights,
        sum(miles)::BIGINT AS miles,
        sum(air_minutes)::BIGINT AS air_minutes,
        sum(arrival_delay)::BIGINT AS delay_minutes,
        count(arrival_delay) AS arrivals
    FROM silver.flights
    GROUP BY ALL
)
SELECT
    b.origin,
    b.dest,
    any_value(a.airport) AS airport,  -- NULL for the destinations that the list of airports lacks.
    sum(b.flights)::BIGINT AS flights,
    sum(b.miles)::BIGINT AS miles,
    string_agg(b.carrier, ', ' ORDER BY b.flights DESC, b.carrier) AS carriers,  -- The busiest first.
    list({'carrier': b.carrier, 'flights': b.flights} ORDER BY b.flights DESC, b.carrier)[:3] AS top_carriers,
    sum(b.delay_minutes) / nullif(sum(b.arrivals), 0) AS mean_arrival_delay   -- Minutes.
FROM by_carrier AS b
LEFT JOIN silver.airports AS a ON a.faa = b.dest
GROUP BY b.origin, b.dest
ORDER BY flights DESC, b.origin, b.dest
