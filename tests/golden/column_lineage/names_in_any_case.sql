-- silver.t: "Amount" INTEGER, "a b" INTEGER, z INTEGER
SELECT AMOUNT, T."a B" FROM Silver.T WHERE "Z" > 1
