-- silver.t: a INTEGER, b INTEGER, k INTEGER, w VARCHAR, z INTEGER
-- macro: my_word(w, z := 1) AS w || z
SELECT my_word(w, z := a) AS x FROM silver.t
