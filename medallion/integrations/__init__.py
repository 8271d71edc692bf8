"""Other programs that use Medallion, or are used by it; each is imported by nothing but that program."""
