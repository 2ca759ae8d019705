"""Runs every call inside the interceptors, in their order.

grpc.aio asks an interceptor for a handler before it has read the request, so each interceptor would have to rebuild the
handler for every call and for each of the four kinds of method. Here that is done once per method: the chain is a
single `grpc.aio.ServerInterceptor`, and an interceptor of ours is a context manager around the call, the same for unary
and streaming methods.

The chain also takes the parsing of the request away from grpc.aio. It happens innermost, after the key and the tenant
were checked, so that nobody without a key makes the server parse megabytes, and so that a malformed body is an error of
ours like any other.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from functools import reduce
from typing import Any, Protocol, TypeAlias

import grpc.aio

from nova_server.api.body import body_reader
from nova_server.api.call import UNKNOWN_METHOD, Call, current_call
from nova_server.errors import MethodNotFound

# In quotes, because these classes are generic in their stubs only.
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
# A servicer's method. The stubs of grpc annotate it with the synchronous context in some places.
Behaviour = Callable[..., Any]
Step = Callable[[Any, Call], Awaitable[Any]]


class CallInterceptor(Protocol):
    """Does something around every call."""

    def around(self, call: Call) -> AbstractAsyncContextManager[None]:
        """Return a context in which `call` is served. It sees the errors that the call ends with."""
        ...


class CallChain(grpc.aio.ServerInterceptor):
    """Serves every method inside `interceptors`, the first of them outermost. Methods that do not exist included."""

    def __init__(self, interceptors: Sequence[CallInterceptor]) -> None:
        self._interceptors = interceptors
        self._wrapped: dict[str, Handler] = {}
        self._unknown: Handler = grpc.stream_stream_rpc_method_handler(
            self._serve(UNKNOWN_METHOD, _refuse_unknown, streams=True)
        )

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return the handler of the method, wrapped. The wrapping is done once for each method that exists."""
        method = handler_call_details.method
        wrapped = self._wrapped.get(method)
        if wrapped is None:
            handler = await continuation(handler_call_details)
            if handler is None:
                return self._unknown
            wrapped = self._wrapped[method] = self._wrap(method, handler)
        return wrapped

    def _wrap(self, method: str, handler: Handler) -> Handler:
        if handler.stream_stream:
            served = self._serve(method, _stream(handler.stream_stream), streams=True)
            return grpc.stream_stream_rpc_method_handler(
                served, handler.request_deserializer, handler.response_serializer
            )
        read = body_reader(method, handler.request_deserializer)
        if handler.unary_stream:
            served = self._serve(method, _read_first(read, _stream(handler.unary_stream)), streams=True)
            return grpc.unary_stream_rpc_method_handler(served, None, handler.response_serializer)
        if handler.unary_unary:
            served = self._serve(method, _read_first(read, _unary(handler.unary_unary)), streams=False)
            return grpc.unary_unary_rpc_method_handler(served, None, handler.response_serializer)
        raise TypeError(
            f"{method} takes a stream and answers once: no service here does, and the chain does not know how"
        )

    def _serve(self, method: str, innermost: Step, *, streams: bool) -> Behaviour:
        step = reduce(_inside, reversed(self._interceptors), innermost)

        async def serve(request: Any, context: Context) -> Any:
            call = Call(method, streams, context)
            current_call.set(call)
            return await step(request, call)

        return serve


def _inside(step: Step, interceptor: CallInterceptor) -> Step:
    async def inside(request: Any, call: Call) -> Any:
        async with interceptor.around(call):
            return await step(request, call)

    return inside


def _read_first(read: Callable[[bytes], Any], step: Step) -> Step:
    async def read_first(body: bytes, call: Call) -> Any:
        return await step(read(body), call)

    return read_first


def _unary(behaviour: Behaviour) -> Step:
    async def answer(request: Any, call: Call) -> Any:
        return await behaviour(request, call.context)

    return answer


def _stream(behaviour: Behaviour) -> Step:
    """Answer with what `behaviour` yields. Some library services write to the context themselves instead."""
    if inspect.iscoroutinefunction(behaviour):
        return _unary(behaviour)

    async def answer(request: Any, call: Call) -> None:
        # Closed at once when the caller hangs up, not whenever the garbage collector finds it.
        async with aclosing(behaviour(request, call.context)) as messages:
            async for message in messages:
                await call.context.write(message)

    return answer


async def _refuse_unknown(_request: Any, _call: Call) -> None:
    raise MethodNotFound
