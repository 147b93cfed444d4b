"""Which of the derived rights whoever asks holds in a cluster, by the API server's own word, before anything is begun.

An update whose account may not list a kind waits for ever when it removes an object of it: the engine does not say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.identity.rights import Rights
from tools.kube import Kube

_ANY = "*"
_OF_CLUSTER = "default"
"""The server tells rights for one namespace; those of the whole cluster are among them for each."""


def missing(given: Rights, kube: Kube) -> list[str]:
    """A sentence for each right that is not held, in the order of the rules. Raises KubeError."""
    lines = []
    if given.cluster:
        held = kube.own_rights(_OF_CLUSTER)
        lines += [f"{word} in the cluster" for rule in given.cluster for word in lacks(rule.manifest(), held)]
    for namespace, rules in given.namespaces.items():
        held = kube.own_rights(namespace)
        needed = [rule.manifest() for rule in rules] + [dict(rule) for rule in given.granted.get(namespace, ())]
        lines += [f"{word} in namespace {namespace}" for rule in needed for word in lacks(rule, held)]
    return list(dict.fromkeys(lines))


def lacks(needed: Mapping[str, Any], held: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What of a rule no held rule gives: verb, resource and, where the rule has names, the name."""
    for group in needed.get("apiGroups") or [""]:
        for plural in needed.get("resources") or []:
            for verb in needed["verbs"]:
                for name in needed.get("resourceNames") or [""]:
                    if not any(_gives(rule, group, plural, verb, name) for rule in held):
                        resource = f"{plural}.{group}" if group else plural
                        yield f"may not {verb} {resource}{f' {name}' if name else ''}"


def _gives(rule: Mapping[str, Any], *wanted: str) -> bool:
    group, plural, verb, name = wanted
    names = rule.get("resourceNames") or []
    return (
        _has(rule.get("apiGroups"), group)
        and _has(rule.get("resources"), plural)
        and _has(rule.get("verbs"), verb)
        and (not names or (bool(name) and name in names))
    )


def _has(given: Sequence[str] | None, wanted: str) -> bool:
    return wanted in (given or []) or _ANY in (given or [])
