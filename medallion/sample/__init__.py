"""The sample project: web pages cleaned for language models, from raw HTML to a training corpus."""
