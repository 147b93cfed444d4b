"""Where an entry sends callers and from where browsers may call: addresses inside and origins of one's own."""

from __future__ import annotations

import re

from policies.judging.rule import Case
from policies.judging.values import JsonValue
from policies.manifests.insides import is_own, leads_inside

_ADDRESS = re.compile(r"(https?://)(\$host|\$http_host|[\w.-]+)((?::[0-9]+)?(?:/[\w./?=&$%:{}+,~-]*)?)")
_NAME = re.compile(r"[\w.-]+(?:/[\w.-]+)?")
_ORIGIN = re.compile(r"https://[\w.-]+(?::[0-9]+)?")


def own_address(case: Case, value: JsonValue) -> bool:
    """Whether a text is an address that leads to the host of the entry itself, inside, or to a domain of one's own."""
    found = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return False
    return found[2].startswith("$") or leads_inside(case, f"{found[1]}{found[2]}")


def own_origin(case: Case, value: JsonValue) -> bool:
    """Whether a text is one origin, by TLS, of a domain of one's own; a pattern is none."""
    if not isinstance(value, str) or not _ORIGIN.fullmatch(value):
        return False
    return is_own(case, value.removeprefix("https://").partition(":")[0])


def own_origins(case: Case, value: JsonValue) -> bool:
    """The same of a list with commas."""
    return isinstance(value, str) and all(own_origin(case, entry.strip()) for entry in value.split(","))


def own_secret(case: Case, value: JsonValue) -> bool:
    """Whether a text names a Secret of the object's own namespace: another's would be read for it."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        return False
    return "/" not in value or value.partition("/")[0] == case.subject.namespace
