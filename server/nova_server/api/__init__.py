"""The gRPC api: turns a request into a use case and its result into a response."""
