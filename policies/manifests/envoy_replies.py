"""What an entry's Envoy answers by itself: words of its configuration, and of a call nothing but the refusal's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judging.values import JsonValue
from policies.manifests.fields import Fault, at
from policies.manifests.forms import Maybe, Number, OneOf, Some, Text, differs

_OWN = re.escape("%LOCAL_REPLY_BODY%")
_WORDS = r"[^%]*"
_FORMAT = {
    "json_format": Maybe(
        {
            "error": {
                # Its own words, and those of the filter or route that refuses.
                "message": Text(pattern=f"{_WORDS}({_OWN})?"),
                "type": Text(pattern=_WORDS),
                "param": None,
                "code": Text(pattern=_WORDS),
            }
        }
    ),
    "text_format_source": Maybe({"inline_string": "%LOCAL_REPLY_BODY%"}),
    "content_type": OneOf(("application/json", "%RESP(content-type)%")),
}
_STATUS = {"default_value": Number(least=200, most=599), "runtime_key": Text(pattern=r"entry\.status\.[0-9]{3}")}
_KNOWN = {
    "filter": OneOf(("envoy.filters.http.jwt_authn", "kitchen.contents")),
    "path": Some({"key": OneOf(("claims", "iss", "refused"))}),
    "value": {"present_match": Maybe(True), "bool_match": Maybe(True)},
}
_CEL = {
    "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
    "expression": 'response.code_details.contains("Jwks_remote_fetch_is_failed")',
}
_WHEN = {
    "status_code_filter": Maybe({"comparison": {"op": "EQ", "value": _STATUS}}),
    "response_flag_filter": Maybe({"flags": [OneOf(("UO", "RLSE", "UAEX"))]}),
    "metadata_filter": Maybe({"matcher": _KNOWN, "match_if_key_not_found": False}),
    "extension_filter": Maybe({"name": "cel", "typed_config": _CEL}),
}
_LATER = {"header": {"key": "retry-after", "value": "1"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
_REPLIES = {
    "mappers": Some(
        {
            "filter": {**_WHEN, "and_filter": Maybe({"filters": Some(_WHEN)})},
            "status_code": Maybe(OneOf((429, 503))),
            "body_format_override": _FORMAT,
            "headers_to_add": Maybe([_LATER]),
        }
    ),
    "body_format": _FORMAT,
}


def faults(path: str, manager: JsonValue) -> Iterator[Fault]:
    """What is wrong with local replies; that there are none is told elsewhere."""
    said = at(manager, "local_reply_config")
    if said is not None:
        yield from differs(said, _REPLIES, f"{path}.local_reply_config")
