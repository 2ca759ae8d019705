"""What the protos say of a method beside its messages."""

from __future__ import annotations

from functools import cache

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from nova.options.v1 import options_pb2


def max_bytes(method: str) -> int | None:
    """Return the largest size of a request of `method`, or None when its message names none."""
    descriptor = _find(method)
    options = descriptor and descriptor.input_type.GetOptions()
    return (
        options.Extensions[options_pb2.max_bytes] if options and options.HasExtension(options_pb2.max_bytes) else None
    )


# As many as there are methods: those that do not exist share one name, see `call.UNKNOWN_METHOD`.
@cache
def is_without_tenant(method: str) -> bool:
    """Tell whether `method` belongs to a service whose calls carry no tenant."""
    descriptor = _find(method)
    if descriptor is None:
        return False
    return descriptor.containing_service.GetOptions().Extensions[options_pb2.without_tenant]


@cache
def takes_idempotency_key(method: str) -> bool:
    """Tell whether `method` is done once for each `Idempotency-Key`."""
    descriptor = _find(method)
    return descriptor is not None and descriptor.GetOptions().Extensions[options_pb2.idempotency_key]


@cache
def takes_expected_revision(method: str) -> bool:
    """Tell whether `method` heeds `X-Expected-Criteria-Revision`."""
    descriptor = _find(method)
    return descriptor is not None and descriptor.GetOptions().Extensions[options_pb2.expected_criteria_revision]


def _find(method: str) -> MethodDescriptor | None:
    """Return the descriptor of `/package.Service/Method`, or None when there is none."""
    try:
        return descriptor_pool.Default().FindMethodByName(method.removeprefix("/").replace("/", "."))
    except KeyError:
        return None
