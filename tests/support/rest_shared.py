"""One Envoy and one api that tests use one after the other, each with use cases of its own behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, fields
from typing import Any

import grpc.aio
from nova_server.api.server import ApiParts, GrpcApi
from nova_server.gateway.envoy import EnvoyGateway
from nova_server.observability.metrics import Metrics

from tests.support.api import Behind, Readiness, Served, listening
from tests.support.rest import BATCHES, Rest, client_of, envoy_to

PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Led:
    """Is, to whoever asks it, the part of this name that is behind the api now."""

    switch: Switch
    name: str

    def __getattr__(self, attribute: str) -> Any:
        return getattr(getattr(self.switch.now, self.name), attribute)


class Switch:
    """Leads an api to what is behind it `now`: a test's, or nobody's."""

    def __init__(self) -> None:
        # An api asks for these once and keeps what it gets, so that they are its own and no test's.
        self._kept: dict[str, Any] = {"metrics": Metrics(), "readiness": Readiness()}
        self.now = self.new().to_parts()

    def new(self) -> Behind:
        """Return something to put behind the api."""
        return Behind(**self._kept)

    def to_parts(self) -> ApiParts:
        """Return parts for the api, of which each asks the one that is behind it now."""
        led = {part.name: Led(self, part.name) for part in fields(ApiParts)}
        return ApiParts(**led | self._kept)

    @contextmanager
    def turned_to(self, parts: ApiParts) -> Iterator[None]:
        """Put these behind the api until the context ends, and then nobody's again."""
        self.now = parts
        try:
            yield
        finally:
            self.now = self.new().to_parts()


@dataclass
class SharedRest:
    """An api with a gateway before it. `lua_errors` is how often its Lua has failed so far."""

    gateway: EnvoyGateway
    api: GrpcApi
    channel: grpc.aio.Channel
    switch: Switch
    lua_errors: int = 0

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[tuple[Rest, Served]]:
        """Lend it to a test that has a client and all that is behind the api for itself. Fails when the Lua did."""
        await self._settle()
        behind = self.switch.new()
        parts = behind.to_parts()
        served = Served(**vars(behind), api=self.api, parts=parts, channel=self.channel)
        with self.switch.turned_to(parts):
            async with client_of(self.gateway) as rest:
                yield rest, served
                await self._assert_lua_did_not_fail()

    async def _settle(self) -> None:
        """Return once calls go all the way through, to nobody's use cases.

        What an earlier test left under way has then ended there too, because it came before. And Envoy finds the api
        healthy again, if it did not while no loop ran that could have answered it: one call may have passed just before
        Envoy gave up, two in a row have not.
        """
        passed = 0
        async with client_of(self.gateway) as rest, asyncio.timeout(PATIENCE_SECONDS):
            while passed < 2:
                passed = passed + 1 if (await rest.get(f"{BATCHES}/nobodys")).status == 200 else 0

    async def _assert_lua_did_not_fail(self) -> None:
        """Fail the test in which it failed, and none of those after it."""
        before, self.lua_errors = self.lua_errors, await self.gateway.admin.lua_errors()
        assert self.lua_errors == before


@asynccontextmanager
async def sharing(**options: Any) -> AsyncIterator[SharedRest]:
    """Run an api, and Envoy in front of it with these options."""
    switch = Switch()
    async with (
        listening(switch.to_parts()) as (api, channel),
        envoy_to(f"127.0.0.1:{api.port}", **options) as gateway,
    ):
        yield SharedRest(gateway, api, channel, switch)
