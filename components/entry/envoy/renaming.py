"""A model's other name for a share of its calls: the body's `model` is written anew, and no other byte of it.

A server that has two versions of an adapter knows them by two names, and reads which one from the body. Which name a
call gets is chosen by weight, after the decisions and by Envoy alone. The body is one JSON object that the check has
read; its bytes stay in their order, because a server may go by the order of keys (in a schema for the answer), and by
numbers that no other program can hold.
"""

from __future__ import annotations

from typing import Any

from components.entry.envoy.words import named, typed
from components.entry.plan import EntryPlan

FILTER = "renamed"
_LUA = "extensions.filters.http.lua.v3.Lua"
_CODE = "write_model"

SCRIPT = r"""
-- The place behind a string whose opening quote stands at `at`.
local function past_string(text, at)
  local from = at + 1
  while true do
    local found = text:find('["\\]', from)
    if not found then return nil end
    if text:byte(found) == 34 then return found + 1 end
    from = found + 2
  end
end

-- A key without the escapes that its letters may have.
local function plain(key)
  return (key:gsub('\\u00(%x%x)', function(code) return string.char(tonumber(code, 16)) end))
end

-- First and last byte of the value of `model` in the outermost object.
local function place(text)
  local depth, at = 0, 1
  while true do
    at = text:find('["{}%[%]]', at)
    if not at then return nil end
    local byte = text:byte(at)
    if byte == 34 then
      local past = past_string(text, at)
      if not past then return nil end
      local value = depth == 1 and text:match('^[ \t\r\n]*:[ \t\r\n]*()"', past)
      if value and plain(text:sub(at, past - 1)) == '"model"' then
        local last = past_string(text, value)
        return value, last and last - 1
      end
      at = past
    else
      depth = depth + ((byte == 123 or byte == 91) and 1 or -1)
      at = at + 1
    end
  end
end

function envoy_on_request(handle)
  local name = handle:filterContext():get("model")
  if not name then return end
  local body = handle:body()
  local text = body and body:getBytes(0, body:length()) or ""
  local first, last = place(text)
  if not last then
    handle:respond({[":status"] = "503"}, "the model of this call could not be written\n")
    return
  end
  local size = body:setBytes(text:sub(1, first - 1) .. '"' .. name .. '"' .. text:sub(last + 1))
  handle:headers():replace("content-length", tostring(size))
end
"""


def filters(plan: EntryPlan) -> list[dict[str, Any]]:
    """The filter that writes names anew, where some server has one of its own."""
    if not any(server.model for grant in plan.grants for server in grant.servers):
        return []
    nothing = {"inline_string": "function envoy_on_request(handle) end"}
    codes = {_CODE: {"inline_string": SCRIPT}}
    return [named(FILTER, _LUA, default_source_code=nothing, source_codes=codes)]


def of_server(model: str | None) -> dict[str, Any]:
    """What a server's share of a route adds: the name that this server knows; nothing where it is the public one."""
    if model is None:
        return {}
    return {"typed_per_filter_config": {FILTER: typed(f"{_LUA}PerRoute", name=_CODE, filter_context={"model": model})}}
