"""Addresses anywhere in a value: each of them leads to what is inside, or to the organisation's own domains."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from policies.judging.rule import Case
from policies.judging.values import JsonValue
from policies.manifests.fields import Fault, without_key
from policies.manifests.insides import leads_inside

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>,;)\]}]*")
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+:[0-9]{1,5}")
_IDENTITY = "spiffe://"
"""Begins a name of a caller that looks like an address; nobody is called by it."""


def outside_faults(case: Case, value: JsonValue, path: str, *, known: Collection[str] = ()) -> Iterator[Fault]:
    """A fault for each address below a value that leads outside; `known` are those that may, or begin one that may."""
    if isinstance(value, str):
        for address in _addresses(value):
            is_known = any(address == entry or address.startswith(f"{entry.rstrip('/')}/") for entry in known)
            if not is_known and not address.startswith(_IDENTITY) and not leads_inside(case, address):
                yield Fault(path=path, text=f"leads to {without_key(address)!r}, which is nothing inside")
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from outside_faults(case, entry, f"{path}.{key}", known=known)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from outside_faults(case, entry, f"{path}[{index}]", known=known)


def _addresses(text: str) -> Iterator[str]:
    if "://" in text:
        yield from _ADDRESS.findall(text)
    elif ":" in text:
        for part in text.replace(",", " ").split():
            if _HOST_AND_PORT.fullmatch(part):
                yield part
