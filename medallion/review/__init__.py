"""A pull request as one value, and that value as markdown, HTML, JSON and a comment on a forge."""
