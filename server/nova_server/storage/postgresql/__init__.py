"""What the store does differently on PostgreSQL."""
