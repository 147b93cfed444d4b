"""What an ExternalSecret takes out of a store that others use too: its own keys, and what known generators make."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown

_GENERATORS = ("Password", "UUID")
"""Generators that ask nobody."""

_SHARED = "ClusterSecretStore"


def external_paths(case: Case, spec: JsonValue, path: str) -> Iterator[Fault]:
    """Faults of the keys and paths of an ExternalSecret's specification, and of its generators."""
    for field in ("data", "dataFrom"):
        for where, entry in listed(at(spec, field), f"{path}.{field}"):
            yield from _generator(at(entry, "sourceRef", "generatorRef"), f"{where}.sourceRef.generatorRef")
            for keys in (("remoteRef", "key"), ("extract", "key"), ("find", "path")):
                yield from _key(case, at(entry, *keys), f"{where}.{'.'.join(keys)}")
            if at(entry, "find") is not None and _is_shared(spec, entry) and not _is_own(case, at(entry, "find")):
                text = "looks through a store that others use: begin path or name.regexp with its own tenant's name"
                yield Fault(path=f"{where}.find", text=text)


def _generator(reference: JsonValue, path: str) -> Iterator[Fault]:
    kind = at(reference, "kind")
    if reference is UNKNOWN or (reference is not None and kind not in _GENERATORS):
        text = NOT_KNOWN if UNKNOWN in (reference, kind) else f"{shown(kind)}: what it makes keys of is not judged"
        yield Fault(path=f"{path}.kind", text=text)


def _key(case: Case, key: JsonValue, path: str) -> Iterator[Fault]:
    """A key of another tenant: the first tenant that it names says whose it is."""
    tenants, own = _tenants(case)
    words = re.split(r"[/:]", key.lower()) if isinstance(key, str) and own is not None else []
    if ".." in words:
        yield Fault(path=path, text=f"{shown(key)}: it leads out of where it begins")
    named = next((tenant for word in words for tenant in tenants if _belongs(word, tenant)), None)
    if named not in (None, own):
        yield Fault(path=path, text=f"{shown(key)}: it is the tenant {named}'s")


def _belongs(word: str, tenant: str) -> bool:
    return word == tenant or word.startswith(tuple(f"{tenant}{mark}" for mark in "-_."))


def _tenants(case: Case) -> tuple[list[str], str | None]:
    """Names of the settings' tenants, and the one whose namespace it is; None outside of tenants' namespaces."""
    tenants = [str(name) for name in mapping(case.world.settings.get("tenants"))]
    namespace = case.subject.namespace or ""
    return tenants, next((name for name in tenants if _belongs(namespace, name)), None)


def _is_shared(spec: JsonValue, entry: JsonValue) -> bool:
    stores = (at(spec, "secretStoreRef"), at(entry, "sourceRef", "storeRef"))
    return any(at(store, "kind") in (_SHARED, UNKNOWN) for store in stores)


def _is_own(case: Case, find: JsonValue) -> bool:
    _, own = _tenants(case)
    path, pattern = at(find, "path"), at(find, "name", "regexp")
    if own is None:
        return True
    in_path = isinstance(path, str) and own in entries(path.strip("/").split("/"))
    return in_path or (isinstance(pattern, str) and re.match(rf"\^{re.escape(own)}[-_/]", pattern) is not None)
