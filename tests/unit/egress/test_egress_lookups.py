"""Looking up names through the system."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest
from nova_server.egress.lookups import SystemResolver

PATIENCE_SECONDS = 10


async def test_a_name_of_the_system_is_resolved() -> None:
    answers = await SystemResolver().resolve("localhost", 443, socket.AF_INET)

    assert {(answer["hostname"], answer["host"], answer["port"]) for answer in answers} == {
        ("localhost", "127.0.0.1", 443)
    }


async def test_an_address_is_its_own_answer() -> None:
    (answer,) = await SystemResolver().resolve("::1", 443)

    assert (answer["host"], answer["family"]) == ("::1", socket.AF_INET6)


async def test_a_name_without_an_address_is_an_error_of_the_system() -> None:
    with pytest.raises(socket.gaierror):
        await SystemResolver().resolve("receiver.invalid", 443)


async def test_names_that_hang_hold_up_no_other_and_are_let_go() -> None:
    released = threading.Event()

    def look_up(host: str, *_: Any) -> list[tuple[Any, ...]]:
        if host == "hanging.example":
            released.wait(PATIENCE_SECONDS)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))]

    resolver = SystemResolver(look_up)
    hanging = [asyncio.create_task(resolver.resolve("hanging.example", 443)) for _ in range(50)]
    try:
        (answer,) = await asyncio.wait_for(resolver.resolve("receiver.example", 443), PATIENCE_SECONDS)
        assert answer["host"] == "127.0.0.1"
        assert not any(lookup.done() for lookup in hanging)
        hanging[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging[0]
    finally:
        released.set()
    assert len(await asyncio.gather(*hanging[1:])) == 49


async def test_a_lookup_that_breaks_tells_how() -> None:
    def look_up(*_: Any) -> list[tuple[Any, ...]]:
        raise UnicodeError("label too long")

    with pytest.raises(UnicodeError, match="label too long"):
        await SystemResolver(look_up).resolve("receiver.example", 443)
