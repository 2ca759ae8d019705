"""Queues of others, each in so many worker processes. Run by the Python of `.venv-peers`, and typed by nobody here."""
