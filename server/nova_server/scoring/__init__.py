"""The use cases: what the service does, with no transport, no SQL and no HTTP in it."""
