"""A resolver that answers as a test tells it to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence

from aiohttp.abc import AbstractResolver, ResolveResult


class FakeResolver(AbstractResolver):
    """Answers the n-th question for a name with the n-th of its answers, and later ones with the last.

    `asked` holds every name that was asked for. A name without answers does not exist. `error` is raised instead of an
    answer, and a `silent` resolver never gives one.
    """

    def __init__(
        self,
        answers: Mapping[str, Sequence[Sequence[str]]] | None = None,
        *,
        error: OSError | None = None,
        silent: bool = False,
    ) -> None:
        self._answers = answers or {}
        self._error = error
        self._silent = silent
        self.asked: list[str] = []
        self.closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        if self._silent:
            await asyncio.Event().wait()
        if self._error is not None:
            raise self._error
        if host not in self._answers:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        answers = self._answers[host]
        addresses = answers[min(self.asked.count(host), len(answers)) - 1]
        return [_result(host, address, port, family) for address in addresses]

    async def close(self) -> None:
        self.closed = True


def _result(host: str, address: str, port: int, family: int) -> ResolveResult:
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
