"""What policies of the cluster tell of the object that they judge: of a Secret, no more than its name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judging.subject import Subject, entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import Fault, at, listed

_HELD = ("secrets", "serviceaccounts/token", "*", "*/*", "secrets/*", "serviceaccounts/*", "*/token")
_NAMES = re.compile(
    r"\{\{-? *(?:request\.(?:name|namespace|operation)|request\.object\.metadata\.(?:name|namespace)) *\}\}"
)
_WHY = "tells what stands in Secrets, for the policy is asked about these too"


def policy_shows(subject: Subject) -> Iterator[Fault]:
    """Messages and notes that are made of an object which may be a Secret or a token."""
    spec = subject.inputs.get("spec")
    if any(_holds(rule) for _, rule in listed(at(spec, "matchConstraints", "resourceRules"), "")):
        for path, entry in listed(at(spec, "auditAnnotations"), "spec.auditAnnotations"):
            yield from _made(entry, "valueExpression", path)
        for path, entry in listed(at(spec, "validations"), "spec.validations"):
            yield from _made(entry, "messageExpression", path)
    for path, rule in listed(at(spec, "rules"), "spec.rules"):
        if _asks_secrets(at(rule, "match")):
            yield from _messages(at(rule, "validate"), f"{path}.validate")


def _holds(rule: JsonValue) -> bool:
    groups, resources = entries(at(rule, "apiGroups")), entries(at(rule, "resources"))
    if UNKNOWN in (rule, at(rule, "apiGroups"), at(rule, "resources")) or UNKNOWN in (*groups, *resources):
        return True
    return any(group in ("", "*") for group in groups) and any(name in _HELD for name in resources)


def _made(entry: JsonValue, field: str, path: str) -> Iterator[Fault]:
    if at(entry, field) not in (None, ""):
        yield Fault(path=f"{path}.{field}", text=_WHY)


def _asks_secrets(match: JsonValue) -> bool:
    """Whether a rule of Kyverno is asked about Secrets: `Secret`, `v1/Secret`, `*`, `*/*`, `Secr?t`."""
    blocks = [match, *entries(at(match, "any")), *entries(at(match, "all"))]
    kinds = [kind for block in blocks for kind in entries(at(block, "resources", "kinds"))]
    words = [str(kind).split("/")[-1] if not str(kind).endswith("/token") else "token" for kind in kinds]
    return any(word in ("Secret", "token") or "*" in word or "?" in word for word in words)


def _messages(value: JsonValue, path: str) -> Iterator[Fault]:
    if isinstance(value, dict):
        for name, entry in value.items():
            if name == "message" and isinstance(entry, str) and "{{" in _NAMES.sub("", entry):
                yield Fault(path=f"{path}.message", text=_WHY)
            yield from _messages(entry, f"{path}.{name}")
    for index, entry in enumerate(entries(value)):
        yield from _messages(entry, f"{path}[{index}]")
