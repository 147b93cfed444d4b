"""What an entry's Envoy answers by itself: words of its configuration, and of a call nothing but the refusal's own."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.values import JsonValue
from policies.manifests.fields import Fault, at
from policies.manifests.forms import JUDGED, Maybe, OneOf, Some, Text, differs

_SAID = (
    "%LOCAL_REPLY_BODY%",
    "no valid token: %LOCAL_REPLY_BODY%",
    "not with this token, or not over this connection. %LOCAL_REPLY_BODY%",
)
_WORDS = r"[^%]*"
_FORMAT = {
    "json_format": Maybe(
        {
            "error": {
                "message": Text(pattern="|".join((_WORDS, *map(str, _SAID))).replace(".", r"\.")),
                "type": Text(pattern=_WORDS),
                "param": None,
                "code": Text(pattern=_WORDS),
            }
        }
    ),
    "text_format_source": Maybe({"inline_string": "%LOCAL_REPLY_BODY%"}),
    "content_type": OneOf(("application/json", "%RESP(content-type)%")),
}
_LATER = {"header": {"key": "retry-after", "value": "1"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
_REPLIES = {
    "mappers": Some(
        {
            # Which reply has which words: neither sends anything anywhere.
            "filter": JUDGED,
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
