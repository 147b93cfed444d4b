"""The engine's state file: whether it is whole, and whose passphrase opens the secrets in it.

The engine tells the first of these by a traceback-like line or not at all (it reads `{}` as an empty stack), and only
after the cluster has been started. The rules are those of the pinned engine: pkg/resource/stack/checkpoint.go and
pkg/resource/stack/snapshot of v3.259.0.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tools.damaged_error import DamagedError
from tools.own_file import read_json
from tools.own_form import NEWER, anything, number, optional, record, rows, words

FEATURES = frozenset(
    {
        "refreshBeforeUpdate",
        "views",
        "hooks",
        "taint",
        "replaceWith",
        "snippets-prototype",
        "extensionParameterization",
        "byteString",
    }
)
VERSIONS = range(5)
"""0 is what `stack init` writes first; 1 and 2 are of engines of old."""
_ITERATIONS, _KEY_BYTES, _PROOF = 1_000_000, 32, b"pulumi"


def _version(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value > max(VERSIONS):
        return f"is {value}, and this release knows {max(VERSIONS)}: {NEWER}"
    return number(min(VERSIONS), max(VERSIONS))(value)


def _feature(value: Any) -> str:
    return "" if value in FEATURES else f"is not known to this release: {NEWER}"


_RESOURCE = record({"urn": words, "type": words}, closed=False)
_LATEST = record(
    {
        "manifest": record({"version": anything, "magic": anything}, may_lack=("version", "magic"), closed=False),
        "secrets_providers": optional(record({"type": words, "state": anything}, may_lack=("state",), closed=False)),
        "resources": optional(rows(_RESOURCE)),
        "pending_operations": optional(rows(record({"type": words}, closed=False))),
    },
    may_lack=("manifest", "secrets_providers", "resources", "pending_operations"),
    closed=False,
)
_CHECKPOINT = record({"latest": optional(_LATEST)}, may_lack=("latest",), closed=False)
FORM = record(
    {
        "version": _version,
        "features": optional(rows(_feature)),
        "checkpoint": lambda value: _CHECKPOINT(value) if value != {} else "is empty",
    },
    may_lack=("features",),
    closed=False,
)
"""Never stricter than the engine, which would go on with what is refused here, but for `{}` in a state's place."""


def read(path: Path) -> dict[str, Any]:
    """The state (`checkpoint.latest`), empty without one; raise DamagedError, or FileNotFoundError where none is."""
    latest: dict[str, Any] = read_json(path, FORM)["checkpoint"].get("latest") or {}
    if latest and (wrong := _broken(latest)):
        raise DamagedError(path, wrong)
    return latest


def salt(latest: Mapping[str, Any]) -> str | None:
    """What the engine keeps to know the passphrase again; None without secrets of a passphrase."""
    provider = latest.get("secrets_providers") or {}
    state = provider.get("state")
    found = state.get("salt") if provider.get("type") == "passphrase" and isinstance(state, dict) else None
    return found if isinstance(found, str) else None


@cache
def opens(passphrase: str, salted: str) -> bool:
    """Whether a passphrase opens the secrets of a state: half a second of computing, as for the engine."""
    # A tenth of a second to import, and most commands do not ask.
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    try:
        _, base, _, nonce, sealed = salted.split(":")
        key = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), _bytes(base), _ITERATIONS, _KEY_BYTES)
        return AESGCM(key).decrypt(_bytes(nonce), _bytes(sealed), None) == _PROOF
    except (ValueError, InvalidTag):
        return False


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _broken(latest: Mapping[str, Any]) -> str:
    """What the engine would call a failure of integrity; an empty text when there is none."""
    manifest = latest.get("manifest") or {}
    version = str(manifest.get("version") or "")
    if (manifest.get("magic") or "") != (hashlib.sha256(version.encode()).hexdigest() if version else ""):
        return "has a manifest that does not fit its version"
    try:
        return next(_gaps(latest.get("resources") or []), "")
    except (TypeError, AttributeError, ValueError):
        return "holds a resource of another form"


def _gaps(resources: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    known: set[str] = set()
    living: set[str] = set()
    for entry in resources:
        urn = entry["urn"]
        if missing := [other for other in _needed(entry) if other not in known]:
            yield f"names a resource that it does not hold before it: {missing[0][:200]!r}"
        if not entry.get("delete") and urn in living:
            yield f"holds a resource twice: {urn[:200]!r}"
        known.add(urn)
        if not entry.get("delete"):
            living.add(urn)


def _needed(entry: Mapping[str, Any]) -> Iterator[str]:
    yield from (entry[name] for name in ("parent", "deletedWith") if entry.get(name))
    for name in ("dependencies", "replaceWith"):
        yield from entry.get(name) or []
    for urns in (entry.get("propertyDependencies") or {}).values():
        yield from urns or []
    if entry.get("provider") and not entry.get("pendingReplacement"):
        yield entry["provider"].rpartition("::")[0]
