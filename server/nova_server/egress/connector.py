"""The HTTP session for every outgoing connection. Nothing it does escapes the policy.

There are three gates. The middleware checks the URL of each request, also of those that follow a redirect. The resolver
checks every address of a name, and the addresses it returns are the ones dialled: there is no second lookup that could
answer differently. The connector checks each address once more as it opens the socket for it, because the HTTP client
asks no resolver about a host that is an address already.
"""

from __future__ import annotations

import socket
import ssl
from contextvars import ContextVar
from ipaddress import ip_address
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from nova_server.egress.lookups import SystemResolver
from nova_server.egress.policy import EgressPolicy

USER_AGENT: Final = "nova-scoring"
CONNECTION_LIMIT: Final = 100

# Whether the request that is being sent is https; resolvers and socket factories are told the host alone. A connection
# of which nobody said so counts as plain, which is the stricter case.
_encrypted: ContextVar[bool] = ContextVar("egress_encrypted", default=False)


class CheckedResolver(AbstractResolver):
    """Answers as another resolver does, unless the policy refuses one of the addresses."""

    def __init__(self, policy: EgressPolicy, resolver: AbstractResolver) -> None:
        self._policy = policy
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of `host`.

        Raises EgressDenied when one of them is refused, be the others what they may: a name with a public and a private
        address is an attempt to have the private one dialled. Raises OSError when there is none.
        """
        answers = await self._resolver.resolve(host, port, family)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        for answer in answers:
            self._policy.check_address(ip_address(answer["host"]), plain_http=not _encrypted.get())
        return answers

    async def close(self) -> None:
        """Close the other resolver."""
        await self._resolver.close()


class CheckedConnector(aiohttp.TCPConnector):
    """Opens connections to addresses that the policy accepts."""

    def __init__(
        self,
        policy: EgressPolicy,
        resolver: AbstractResolver,
        tls: ssl.SSLContext | None,
        connection_limit: int = CONNECTION_LIMIT,
    ) -> None:
        self._policy = policy
        self._checked_resolver = CheckedResolver(policy, resolver)
        super().__init__(
            limit=connection_limit,
            resolver=self._checked_resolver,
            # The resolver has to be asked each time, in the context of the request that it is asked for.
            use_dns_cache=False,
            ssl=tls or True,
            socket_factory=self._open_socket,
        )

    def _open_socket(self, destination: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = destination
        self._policy.check_address(ip_address(address[0]), plain_http=not _encrypted.get())
        return socket.socket(family, kind, protocol)

    async def close(self, *, abort_ssl: bool = False) -> None:
        """Close all connections, and the resolver."""
        await super().close(abort_ssl=abort_ssl)
        await self._checked_resolver.close()


def _check_requests(policy: EgressPolicy) -> aiohttp.ClientMiddlewareType:
    async def check(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        policy.check_url(str(request.url))
        token = _encrypted.set(request.url.scheme == "https")
        try:
            return await send(request)
        finally:
            _encrypted.reset(token)

    return check


def build_session(
    policy: EgressPolicy,
    *,
    resolver: AbstractResolver | None = None,
    tls: ssl.SSLContext | None = None,
    timeout_seconds: float = 30,
    connection_limit: int = CONNECTION_LIMIT,
) -> aiohttp.ClientSession:
    """Return a session whose requests raise EgressDenied instead of going where `policy` forbids.

    Call it on the event loop that will use the session, and close the session: that closes `resolver` too. `resolver`
    is the system's and `tls` the system's trusted authorities unless given. `timeout_seconds` bounds one request with
    its body. Beyond `connection_limit` requests at once, requests wait for another to end, and that wait counts. The
    session keeps no cookies, reads nothing from the environment, and takes at most 100 headers of 8 KiB.
    """
    return aiohttp.ClientSession(
        connector=CheckedConnector(policy, resolver or SystemResolver(), tls, connection_limit),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"},
        max_field_size=8192,
        max_headers=100,
        max_line_size=8192,
        middlewares=(_check_requests(policy),),
        timeout=aiohttp.ClientTimeout(total=timeout_seconds),
        trust_env=False,
    )
