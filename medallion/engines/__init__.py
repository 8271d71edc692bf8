"""What computes: one protocol, so that a plan does not care which engine carries it out."""
