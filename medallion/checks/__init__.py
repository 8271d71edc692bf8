"""Data checks: what they ask as SQL, and how they are run on new or built data."""
