"""The record of calls: one JSON line a call, refused ones too, and never a word of a prompt or an answer.

A call that was sent to a server is `allowed`, and has `server`. The status alone does not say so: Envoy refuses gRPC
with status 200, and its own status in a header.
"""

from __future__ import annotations

from typing import Any

from components.entry.envoy.replies import SHARE_EXCEEDED
from components.entry.envoy.who import recorded
from components.entry.envoy.words import CALL, CLAIMS, JWT, USAGE, named, of_metadata
from components.entry.plan import EntryPlan

OPTIONS = ("--file-flush-interval-msec", "100", "--file-flush-min-size-kb", "0")
"""Options of Envoy with which a line is in the file as soon as its call has ended: what is in memory dies with it."""

_LONGEST_TEXT, _LONGEST_PATH = 256, 512
"""Characters that a caller's own words may have in a line: the model that a body names can be a megabyte."""

REFUSED_HEADER = "x-kitchen-refused"
"""Header of an answer in which the check of bodies says by one word why it refuses."""

DETAILS = '(has(response.code_details) ? response.code_details : "")'
OVERFLOW = f'{DETAILS} == "upstream_reset_before_response_started{{overflow}}"'
"""A call over its tenant's share: Envoy has chosen a server for it, and has asked none."""

_BY_A_FILTER = f'{DETAILS} == "lua_response"'
WENT_ON = f"(has(upstream.address) && !({OVERFLOW}) && !({_BY_A_FILTER}))"
"""A server was asked. By what stands between the choice of a server and the server, a call can be refused still."""

_WHY = (
    f"{WENT_ON} ? response.code_details : "
    f'{OVERFLOW} ? "{SHARE_EXCEEDED}" : '
    f'"{REFUSED_HEADER}" in response.headers ? response.headers["{REFUSED_HEADER}"] : '
    'response.code_details == "direct_response" ? xds.route_name : response.code_details'
)


def record(plan: EntryPlan) -> list[dict[str, Any]]:
    """The access log: a file that the shipper takes away."""
    made = named(
        "record",
        "extensions.access_loggers.file.v3.FileAccessLog",
        path=plan.record_path,
        log_format={"json_format": _fields(plan)},
    )
    return [{**made, "filter": is_recorded()}]


def is_recorded() -> dict[str, Any]:
    """A filter that leaves out the kubelet, which asks for /ready every few seconds."""
    return {"or_filter": {"filters": [_is_not(":path", "/ready"), _is_not(":method", "GET")]}}


def options() -> dict[str, Any]:
    """Of the connection manager: a call that goes on for long is written each minute, until its last line.

    Lines of one call have the same `requestId` and `time`; the one with the longest `durationMs` says how it ended, or
    how far it was when Envoy was killed.
    """
    return {"access_log_flush_interval": "60s"}


def _fields(plan: EntryPlan) -> dict[str, Any]:
    return {
        "time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
        "requestId": "%STREAM_ID%",
        "environment": plan.environment,
        "entry": "%HOSTNAME%",
        "address": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
        "caller": of_metadata(JWT, CLAIMS, "sub", most=_LONGEST_TEXT),
        "issuer": of_metadata(JWT, CLAIMS, "iss"),
        "groups": _groups(plan),
        "tenant": _granted("tenant"),
        "grant": "%ROUTE_NAME%",
        "asked": of_metadata(CALL, "model", most=_LONGEST_TEXT),
        "model": _granted("model"),
        "adapter": _granted_there("adapters"),
        "adapterSum": _granted_there("adapterSums"),
        "kitchen": _served("kitchen"),
        "baseModel": _served("baseModel"),
        "image": _served("image"),
        "server": "%UPSTREAM_HOST%",
        "method": "%REQ(:METHOD):16%",
        "path": f"%PATH(NQ:PATH):{_LONGEST_PATH}%",
        "decision": f'%CEL({WENT_ON} ? "allowed" : "refused")%',
        "reason": f"%CEL({_WHY})%",
        "status": "%RESPONSE_CODE%",
        "flags": "%RESPONSE_FLAGS%",
        "promptTokens": of_metadata(USAGE, "prompt"),
        "completionTokens": of_metadata(USAGE, "completion"),
        "totalTokens": of_metadata(USAGE, "total"),
        "firstByteMs": "%RESPONSE_DURATION%",
        "durationMs": "%DURATION%",
        "bytesIn": "%BYTES_RECEIVED%",
        "bytesOut": "%BYTES_SENT%",
    }


def _groups(plan: EntryPlan) -> Any:
    """The token's groups, or the account's namespace; by issuer where these keep them in different claims."""
    claims = {issuer.name: recorded(issuer) for issuer in plan.issuers}
    return next(iter(claims.values())) if len(set(claims.values())) == 1 else claims


def _granted(fact: str) -> str:
    """A fact of the grant that decided; null where none did."""
    return f"%METADATA(ROUTE:kitchen:{fact})%"


def _granted_there(fact: str) -> str:
    """Of a fact by servers, that of those that served: a canary may have another version of an adapter."""
    facts = 'xds.{}_metadata.filter_metadata["kitchen"]'
    return f'%CEL({facts.format("route")}["{fact}"][{facts.format("cluster")}["server"]])%'


def _served(fact: str) -> str:
    """A fact of the servers that the grant leads to."""
    return f"%METADATA(CLUSTER:kitchen:{fact})%"


def _is_not(header: str, text: str) -> dict[str, Any]:
    return {"header_filter": {"header": {"name": header, "string_match": {"exact": text}, "invert_match": True}}}
