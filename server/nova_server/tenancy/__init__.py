"""API keys: making them, and telling from one who calls."""
