"""What the store does differently on SQLite."""
