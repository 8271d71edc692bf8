"""How fast Medallion is, beside the floor of the same work: ``make bench``, docs/benchmarks.md."""
