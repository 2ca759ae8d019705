"""Readers of documents: what type a file is by its content, and the text that is in it."""
