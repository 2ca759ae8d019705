"""The gateway's Lua, run without Envoy, by the same LuaJIT that Envoy has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lupa.luajit21 import LuaRuntime
from nova_gateway.configuration import lua_source

# What Envoy hands to the filter, as far as the filter uses it. As in Envoy, headers are dead once the body was asked
# for, setting the body sets its length, and a body that trailers were asked for before is never seen.
_HANDLE = """
local Headers = {}
Headers.__index = Headers
function Headers:get(name) return rawget(self, name) end
function Headers:replace(name, value) assert(type(value) == "string"); rawset(self, name, value) end
function Headers:remove(name) rawset(self, name, nil) end

local DEAD = setmetatable({}, { __index = function() error("object used outside of proper scope") end })

local function copy_of(headers)
  local copy = setmetatable({}, Headers)
  for name, value in pairs(headers) do copy[name] = value end
  return copy
end

local function handle_of(headers, content, route, metadata, trailers)
  local handle, current, body, whole = {}, copy_of(headers), {}, false
  local info, known = {}, {}
  function handle:headers() return current end
  function handle:body(always)
    if content == "" and not always then return nil end
    local living = copy_of(current)
    for name in pairs(current) do current[name] = nil end
    setmetatable(current, getmetatable(DEAD))
    current, whole = living, true
    return body
  end
  function handle:trailers()
    assert(whole, "the body is not there yet")
    return trailers
  end
  function handle:streamInfo() return info end
  function info:routeName() return route end
  function info:dynamicMetadata() return known end
  function known:get(name) return metadata[name] end
  function known:set(name, key, value) metadata[name] = { [key] = value } end
  function body:length() return #content end
  function body:getBytes(index, length) return content:sub(index + 1, index + length) end
  function body:setBytes(bytes)
    content = bytes
    current:replace("content-length", tostring(#bytes))
    return #bytes
  end
  function handle:result() return current, content, metadata.nova and metadata.nova.trace_id, trailers end
  return handle
end

local function run(hook, headers, content, route, trace_id, trailers)
  local metadata = { nova = trace_id and { trace_id = trace_id } or nil }
  local handle = handle_of(headers, content, route, metadata, trailers and copy_of(trailers))
  hook(handle)
  return handle:result()
end

return {
  check_request = check_request,
  complete = function(body, message) return complete(body, SHAPES[message]) end,
  problem_of = problem_of,
  request = function(...) return run(envoy_on_request, ...) end,
  response = function(...) return run(envoy_on_response, ...) end,
}
"""


@dataclass(frozen=True, slots=True)
class Passed:
    """What came out of the filter."""

    headers: Mapping[str, str]
    body: bytes
    trace_id: str | None
    trailers: Mapping[str, str] = field(default_factory=dict)


class GatewayLua:
    """The filter with its table, or with another one in `table`."""

    def __init__(self, table: str | None = None) -> None:
        self._runtime = LuaRuntime(encoding=None)
        source = lua_source() if table is None else _with_table(table)
        self._lua: Any = self._runtime.execute((source + _HANDLE).encode())

    def faults(self, body: bytes, message: str) -> list[str]:
        """Return the faults of a request's body: `path=code:argument` each."""
        found: bytes | None = self._lua[b"check_request"](body, f".{message}".encode())
        return found.decode().split(";") if found else []

    def completed(self, body: str, message: str) -> str:
        """Return the transcoder's JSON of a response with the nulls in it."""
        whole: bytes = self._lua[b"complete"](body.encode(), f".{message}".encode())
        return whole.decode()

    def problem(self, status: str, trace_id: str) -> tuple[dict[str, Any], int, int | None]:
        """Return the problem made of the transcoder's JSON of a status, its HTTP status and the seconds to wait."""
        body, http_status, wait = self._lua[b"problem_of"](status.encode(), trace_id.encode())
        return json.loads(body), http_status, wait

    def request(self, headers: Mapping[str, str], body: bytes = b"", *, route: str, encoding: str = "utf-8") -> Passed:
        """Return what the filter makes of a request on its way to the transcoder, whose headers have this encoding."""
        return self._passed(b"request", self._table(headers, encoding), body, route)

    def response(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        route: str,
        trace_id: str | None,
        trailers: Mapping[str, str] | None = None,
    ) -> Passed:
        """Return what the filter makes of a response, whose request had this trace id if the filter saw it."""
        given = None if trailers is None else self._table(trailers)
        return self._passed(b"response", self._table(headers), body, route, trace_id and trace_id.encode(), given)

    def _passed(self, hook: bytes, headers: Any, body: bytes, route: str, *more: Any) -> Passed:
        left, content, known, trailers = self._lua[hook](headers, body, route.encode(), *more)
        return Passed(_texts(left), content, known.decode() if known else None, _texts(trailers or {}))

    def _table(self, texts: Mapping[str, str], encoding: str = "utf-8") -> Any:
        return self._runtime.table_from({name.encode(): value.encode(encoding) for name, value in texts.items()})


def _texts(table: Any) -> dict[str, str]:
    """Return a table of texts."""
    return {name.decode(): value.decode() for name, value in table.items()}


def _with_table(table: str) -> str:
    """Return the source with another generated table in the place of the product's."""
    source = lua_source()
    return table + source[source.index("-- What reading JSON") :]
