"""The order of the interceptors, and what they do to each kind of method."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import grpc
import pytest
from nova_server.api.call import Call, current_caller, current_tenant
from nova_server.api.interceptors import build_interceptors
from nova_server.api.interceptors.chain import CallChain
from nova_server.api.interceptors.closing import ClosingInterceptor
from nova_server.observability.metrics import Metrics
from nova_server.tenancy.authentication import CachedAuthenticator

from tests.support.clock import FakeClock


class Context:
    """As much of a servicer's context as a chain without the real interceptors touches."""

    def __init__(self) -> None:
        self.written: list[Any] = []

    def invocation_metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        return (("a", "1"), ("b-bin", b"2"))

    async def write(self, message: Any) -> None:
        self.written.append(message)


class Noted:
    """An interceptor that notes when it is entered and left, and with which error."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self._name = name
        self._notes = notes

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncIterator[None]:
        self._notes.append(f"{self._name} before {call.method}")
        try:
            yield
        except BaseException as error:
            self._notes.append(f"{self._name} saw {type(error).__name__}")
            raise
        self._notes.append(f"{self._name} after")


class Details:
    """What grpc.aio tells an interceptor before a call."""

    method = "/x/y"
    invocation_metadata = ()


async def intercepted(chain: CallChain, handler: Any) -> Any:
    async def continuation(_details: Any) -> Any:
        return handler

    return await chain.intercept_service(continuation, cast(grpc.HandlerCallDetails, Details()))


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def chain(notes: list[str]) -> CallChain:
    return CallChain([Noted("outer", notes), Noted("inner", notes)])


async def test_the_first_interceptor_is_outermost(chain: CallChain, notes: list[str]) -> None:
    async def answer(request: bytes, _context: Any) -> bytes:
        return request.upper()

    handler = await intercepted(chain, grpc.unary_unary_rpc_method_handler(cast(Any, answer)))

    assert await handler.unary_unary(b"abc", Context()) == b"ABC"
    assert notes == ["outer before /x/y", "inner before /x/y", "inner after", "outer after"]


async def test_every_interceptor_sees_the_error_of_a_call(chain: CallChain, notes: list[str]) -> None:
    async def fail(_request: bytes, _context: Any) -> bytes:
        raise LookupError

    handler = await intercepted(chain, grpc.unary_unary_rpc_method_handler(cast(Any, fail)))

    with pytest.raises(LookupError):
        await handler.unary_unary(b"abc", Context())
    assert notes[2:] == ["inner saw LookupError", "outer saw LookupError"]


async def test_a_stream_is_written_inside_the_interceptors(chain: CallChain, notes: list[str]) -> None:
    async def count(_request: bytes, _context: Any) -> AsyncIterator[bytes]:
        for number in (b"1", b"2"):
            notes.append(f"yields {number!r}")
            yield number

    context = Context()
    handler = await intercepted(chain, grpc.unary_stream_rpc_method_handler(cast(Any, count)))
    await handler.unary_stream(b"abc", context)

    assert context.written == [b"1", b"2"]
    assert notes[2:] == ["yields b'1'", "yields b'2'", "inner after", "outer after"]


async def test_a_handler_is_wrapped_once_for_all_calls(chain: CallChain) -> None:
    async def answer(request: bytes, _context: Any) -> bytes:
        return request

    handler: Any = grpc.unary_unary_rpc_method_handler(cast(Any, answer))

    assert await intercepted(chain, handler) is await intercepted(chain, handler)


async def test_a_method_of_a_kind_that_nothing_here_uses_is_an_error_of_the_code(chain: CallChain) -> None:
    async def gather(_requests: Any, _context: Any) -> bytes:
        return b""

    with pytest.raises(TypeError, match="takes a stream and answers once"):
        await intercepted(chain, grpc.stream_unary_rpc_method_handler(cast(Any, gather)))


async def test_neither_caller_nor_tenant_is_to_be_had_where_nobody_was_authenticated() -> None:
    served: list[Any] = []

    async def answer(request: bytes, _context: Any) -> bytes:
        with pytest.raises(LookupError):
            served.append(current_tenant())
        with pytest.raises(LookupError):
            served.append(current_caller())
        return request

    handler = await intercepted(CallChain([]), grpc.unary_unary_rpc_method_handler(cast(Any, answer)))

    assert await handler.unary_unary(b"abc", Context()) == b"abc"
    assert served == []


def test_metadata_that_is_not_text_is_not_taken_for_it() -> None:
    call = Call("/x/y", streams=False, context=cast(Any, Context()))

    assert (call.text("a"), call.text("b-bin"), call.text("c")) == ("1", None, None)


def test_the_interceptors_stand_in_the_order_of_the_contract() -> None:
    clock = FakeClock()
    built = build_interceptors(cast(CachedAuthenticator, object()), Metrics(), clock, 30, ClosingInterceptor())

    assert [type(interceptor).__name__ for interceptor in built] == [
        "ErrorInterceptor",
        "TraceInterceptor",
        "MetricsInterceptor",
        "ClosingInterceptor",
        "DeadlineInterceptor",
        "AuthenticationInterceptor",
        "GatewayFaultsInterceptor",
    ]
