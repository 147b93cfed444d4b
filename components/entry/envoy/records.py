"""The record of calls: one JSON line a call, refused ones too, and never a word of a prompt or an answer.

A call that reached a model's server has `server`. The status alone does not say so: Envoy refuses callers of gRPC with
status 200, and their own status in a header.
"""

from __future__ import annotations

from typing import Any

from components.entry.envoy.words import CALL, CLAIMS, JWT, USAGE, named, of_metadata
from components.entry.plan import EntryPlan


def record(plan: EntryPlan) -> list[dict[str, Any]]:
    """The access log: a file that the shipper reads."""
    return [
        named(
            "record",
            "extensions.access_loggers.file.v3.FileAccessLog",
            path=plan.record_path,
            log_format={"json_format": _fields(plan), "json_format_options": {"sort_properties": False}},
        )
    ]


def _fields(plan: EntryPlan) -> dict[str, Any]:
    return {
        "time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
        "environment": plan.environment,
        "requestId": "%STREAM_ID%",
        "address": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
        "caller": of_metadata(JWT, CLAIMS, "sub"),
        "issuer": of_metadata(JWT, CLAIMS, "iss"),
        **{
            f"groups.{issuer.name}": of_metadata(JWT, CLAIMS, *issuer.groups_claim.split("."))
            for issuer in plan.issuers
        },
        "grant": "%ROUTE_NAME%",
        "asked": of_metadata(CALL, "model", most=256),
        "granted": "%METADATA(ROUTE:kitchen)%",
        "server": "%METADATA(CLUSTER:kitchen)%",
        "method": "%REQ(:METHOD)%",
        "path": "%PATH(NQ:ORIG_OR_PATH):256%",
        "status": "%RESPONSE_CODE%",
        "reason": "%RESPONSE_CODE_DETAILS%",
        "flags": "%RESPONSE_FLAGS%",
        "promptTokens": of_metadata(USAGE, "prompt"),
        "completionTokens": of_metadata(USAGE, "completion"),
        "totalTokens": of_metadata(USAGE, "total"),
        "firstByteMs": "%RESPONSE_DURATION%",
        "durationMs": "%DURATION%",
        "bytesIn": "%BYTES_RECEIVED%",
        "bytesOut": "%BYTES_SENT%",
    }
