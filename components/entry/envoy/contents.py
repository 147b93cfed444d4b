"""Prompts and answers of tenants that have an approval for it: handed to what encrypts them, beside Envoy.

The filter stands behind every decision, where Envoy looks for a connection to a server (an upstream filter). The prompt
is handed over before the server sees it, and the call waits until it is recorded; where it cannot be, the call is
refused. The answer goes on at once: its pieces are handed over beside it, each second, at 256 KiB, and at its end.

One refusal comes after it: Envoy learns that a tenant's share of calls at once is used up where it takes the
connection. A second filter, which sees that, says that the prompt is to be forgotten; what ships the record heeds it.
"""

from __future__ import annotations

from typing import Any

from components.entry.envoy.words import named, typed
from components.entry.plan import EntryPlan, Grant

CLUSTER = "contents"
FILTER, REFUSED_FILTER = "contents", "contents-refused"
"""Names of the filters; CLUSTER is that of what encrypts."""

REFUSED = "contents_not_recorded"
"""Why a call is refused that must be recorded and cannot be; it stands in the record of calls."""

HELD = "kitchen.contents"
"""Metadata about a call whose contents are recorded: its id, or that it is refused."""

_LUA = "extensions.filters.http.lua.v3.Lua"
_CODE, _REFUSED_CODE = "record_contents", "forget_refused"
_NOTHING = {"inline_string": "function envoy_on_request(handle) end"}

SCRIPT = r"""
local MOST = 16777216
local PIECE = 262144
local EVERY = 1000
local WAIT = 5000

local function headers(tenant, what, id)
  return {
    [":method"] = "POST",
    [":path"] = "/" .. tenant .. "/" .. what,
    [":authority"] = "contents",
    ["x-request-id"] = id,
  }
end

-- Objects of Envoy do not outlive a wait: each is asked for anew.
local function note(handle, key, value)
  handle:streamInfo():dynamicMetadata():set("kitchen.contents", key, value)
end

function envoy_on_request(handle)
  local tenant = handle:filterContext():get("tenant")
  if not tenant then return end
  local id = handle:headers():get("x-request-id") or ""
  local body = handle:body()
  local text = body and body:getBytes(0, body:length()) or ""
  note(handle, "id", id)
  local told = handle:httpCall("contents", headers(tenant, "prompt", id), text, WAIT)
  local status = told and told[":status"]
  if status == "200" then
    note(handle, "recorded", true)
  elseif status ~= "204" then
    note(handle, "refused", true)
    handle:respond({[":status"] = "503", ["x-kitchen-refused"] = "contents_not_recorded"}, "")
  end
end

function envoy_on_response(handle)
  local tenant = handle:filterContext():get("tenant")
  local known = handle:streamInfo():dynamicMetadata():get("kitchen.contents")
  if not tenant or not known or not known["recorded"] then return end
  note(handle, "answered", true)
  local pieces, held, all, number, over = {}, 0, 0, 0, false
  local since = handle:timestamp()
  local function hand_over(ending)
    number = number + 1
    local what = "answer/" .. number .. ending
    handle:httpCall("contents", headers(tenant, what, known["id"]), table.concat(pieces), WAIT, true)
    pieces, held, since = {}, 0, handle:timestamp()
  end
  for chunk in handle:bodyChunks() do
    local size = chunk:length()
    all = all + size
    if all > MOST then
      if not over then hand_over("/over") end
      over = true
    elseif size > 0 then
      pieces[#pieces + 1] = chunk:getBytes(0, size)
      held = held + size
      if held >= PIECE or handle:timestamp() - since >= EVERY then hand_over("") end
    end
  end
  if not over then hand_over("/last") end
end
"""
"""Bytes of an answer that are recorded at most, bytes and milliseconds after which a piece is handed over, and how long
a prompt may take. The clear text goes to the pod's loopback alone."""


REFUSED_SCRIPT = r"""
function envoy_on_response(handle)
  local tenant = handle:filterContext():get("tenant")
  local known = handle:streamInfo():dynamicMetadata():get("kitchen.contents")
  if not tenant or not known or not known["id"] or known["answered"] then return end
  if handle:headers():get(":status") ~= "429" then return end
  local headers = {
    [":method"] = "POST",
    [":path"] = "/" .. tenant .. "/refused",
    [":authority"] = "contents",
    ["x-request-id"] = known["id"],
  }
  handle:httpCall("contents", headers, "", 5000, true)
end
"""


def filters(plan: EntryPlan) -> list[dict[str, Any]]:
    """The filter that tells of calls that were refused after all, where some tenant has an approval."""
    return [_lua(REFUSED_FILTER, _REFUSED_CODE, REFUSED_SCRIPT)] if plan.contents else []


def router(plan: EntryPlan) -> dict[str, Any]:
    """What the router's configuration needs for it, where some tenant has an approval."""
    if not plan.contents:
        return {}
    codec = named("envoy.filters.http.upstream_codec", "extensions.filters.http.upstream_codec.v3.UpstreamCodec")
    return {"upstream_http_filters": [_lua(FILTER, _CODE, SCRIPT), codec]}


def of_route(plan: EntryPlan, grant: Grant) -> dict[str, Any]:
    """What a grant's route adds; nothing for tenants without an approval."""
    if grant.tenant not in plan.contents:
        return {}
    context = {"tenant": grant.tenant}
    pairs = {FILTER: _CODE, REFUSED_FILTER: _REFUSED_CODE}
    return {name: typed(f"{_LUA}PerRoute", name=code, filter_context=context) for name, code in pairs.items()}


def _lua(name: str, code: str, script: str) -> dict[str, Any]:
    return named(name, _LUA, default_source_code=_NOTHING, source_codes={code: {"inline_string": script}})
