"""The `nova` command. One module per command; what talks to the service lives beside them, free of any terminal."""
