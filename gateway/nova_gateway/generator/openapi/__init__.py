"""OpenAPI 3.1 of the REST API, made of the protos: their HTTP rules, the rules on their fields, and their comments."""

from nova_gateway.generator.openapi.document import openapi

__all__ = ["openapi"]
