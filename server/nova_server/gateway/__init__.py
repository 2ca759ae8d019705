"""Envoy as a child of this process: REST in front of the api."""
