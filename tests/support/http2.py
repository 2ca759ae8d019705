"""HTTP/2 by hand, for what curl does not show: whether anything follows an answer's body."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _SETTINGS = 0, 1, 4
_END_STREAM, _END_HEADERS = 1, 4
_NAMES = {_DATA: "DATA", _HEADERS: "HEADERS"}
_STREAM = 1


async def frames_of_answer(url: str, method: str, headers: Mapping[str, str]) -> list[str]:
    """Return the names of the frames that answer a request without a body, and leave out DATA frames without data."""
    target = urlsplit(url)
    sent = {":method": method, ":scheme": "http", ":authority": target.netloc, ":path": target.path, "te": "trailers"}
    fields = sent | {name.lower(): value for name, value in headers.items()}
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    try:
        block = b"".join(_literal(name, value) for name, value in fields.items())
        writer.write(_PREFACE + _frame(_SETTINGS, 0, 0) + _frame(_HEADERS, _END_STREAM | _END_HEADERS, _STREAM, block))
        async with asyncio.timeout(10):
            return await _frames(reader)
    finally:
        writer.close()
        await writer.wait_closed()


async def _frames(reader: asyncio.StreamReader) -> list[str]:
    found = []
    while True:
        head = await reader.readexactly(9)
        payload = await reader.readexactly(int.from_bytes(head[:3], "big"))
        if int.from_bytes(head[5:], "big") != _STREAM:
            continue
        if payload or head[3] != _DATA:
            found.append(_NAMES.get(head[3], str(head[3])))
        if head[4] & _END_STREAM:
            return found


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def _literal(name: str, value: str) -> bytes:
    """Return a field as HPACK writes it without a table and without Huffman's code (RFC 7541, section 6.2.2)."""
    return b"\0" + _text(name) + _text(value)


def _text(text: str) -> bytes:
    encoded = text.encode()
    assert len(encoded) < 127, "a longer one has its length in several bytes"
    return bytes([len(encoded)]) + encoded
