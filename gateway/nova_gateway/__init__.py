"""The REST side of the api: Envoy's configuration, its Lua filter, and what is generated for both from the protos."""
