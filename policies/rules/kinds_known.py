"""Rule: every object is of a kind that the pack understands, or that the organisation states with a reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pulumi_policy import EnforcementLevel, Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import Subject, entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.judging.world import World
from policies.manifests.fields import NOT_KNOWN, Fault
from policies.manifests.kind_table import is_list, known
from policies.manifests.nested import Nested, nested
from policies.manifests.objects import told
from policies.manifests.pod_finder import pods

_RULE = "an object is of a kind that the pack understands, or that kitchen:policy states with a reason"
_EXAMPLE = "kitchen:policy: {kinds: [{group: example.com, kind: Gadget, reason: holds settings of gadgets alone}]}"
_KEYS = {"group", "kind", "reason", "carriesPods"}


@dataclass(frozen=True, kw_only=True)
class _Statement:
    """What an organisation says about a kind; `carries_pods` is whether pod specifications stand in its objects."""

    group: str
    kind: str
    carries_pods: bool


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each object, the subject or one inside it, whose kind nobody has thought through."""
    if not case.subject.is_kubernetes:
        return
    stated, faults = _statements(case)
    yield from told(case, [*_faults(case.subject, stated, faults)], _RULE, _EXAMPLE)
    for inside in nested(case.subject):
        yield from told(case, _inside(inside, stated, faults), _RULE, _EXAMPLE)


def _inside(inside: Nested, stated: dict[tuple[str, str], _Statement], faults: str) -> Iterator[Fault]:
    subject = inside.subject
    if subject is None:
        text = "is an archive that cannot be opened" if inside.packed else "looks like manifests and cannot be read"
        yield Fault(path=inside.path, text=f"{text}, so nothing judges what is in it")
        return
    found = known(subject.group, subject.kind)
    if found is not None and found.is_file and inside.by_text:
        return
    if inside.secret:
        yield Fault(path=inside.path, text=f"holds a {subject.kind}, which nobody can review in a Secret")
        return
    for fault in _faults(subject, stated, faults):
        yield dataclasses.replace(fault, path=f"{inside.path}.{fault.path}")


def _faults(subject: Subject, stated: dict[tuple[str, str], _Statement], faults: str) -> Iterator[Fault]:
    if subject.inputs.get("kind") is UNKNOWN or subject.inputs.get("apiVersion") is UNKNOWN:
        yield Fault(path="kind", text=NOT_KNOWN)
        return
    found = known(subject.group, subject.kind)
    if (found is not None and not found.is_file) or is_list(subject):
        return
    said = stated.get((subject.group, subject.kind))
    if said is None:
        text = f"is {subject.kind} of {subject.group or 'core'}, which the pack does not understand{faults}"
        yield Fault(path="kind", text=text)
    elif said.carries_pods != any(pod.spec is not UNKNOWN for pod in pods(subject)):
        yield Fault(path="kind", text=_disproved(said, subject))


def _disproved(said: _Statement, subject: Subject) -> str:
    if said.carries_pods:
        return f"is {said.kind}, stated with carriesPods: true, and no pod is found in it, so nothing judges its pods"
    path = next(pod.path for pod in pods(subject) if pod.spec is not UNKNOWN)
    return f"is {said.kind}, stated without carriesPods, and {path} is a pod"


def _statements(case: Case) -> tuple[dict[tuple[str, str], _Statement], str]:
    """Statements of settings and configuration; of malformed ones none holds, and a remark says so."""
    said = [*_of_settings(case.world), *entries(case.config.get("kinds"))]
    found = [_statement(entry) for entry in said]
    wrong = sum(entry is None for entry in found)
    remark = f"; {wrong} of the statements about kinds cannot be read and hold for nothing" if wrong else ""
    return {(entry.group, entry.kind): entry for entry in found if entry is not None}, remark


def _of_settings(world: World) -> list[JsonValue]:
    policy = world.settings.get("policy")
    return entries(policy.get("kinds")) if isinstance(policy, Mapping) else []


def _statement(entry: JsonValue) -> _Statement | None:
    if not isinstance(entry, Mapping) or not {"group", "kind", "reason"} <= set(entry) <= _KEYS:
        return None
    group, kind, reason, pods_too = (entry.get(key) for key in ("group", "kind", "reason", "carriesPods"))
    if not isinstance(group, str) or not isinstance(kind, str) or not kind.isalnum():
        return None
    if not isinstance(reason, str) or not reason.strip() or pods_too not in (None, True, False):
        return None
    return _Statement(group=group, kind=kind, carries_pods=bool(pods_too))


RULE = Rule(
    id="kinds-known",
    title="Every object is of a kind that the pack understands, or that the organisation states with a reason.",
    severity=Severity.CRITICAL,
    reason="A kind that nobody has thought through may open everything that the other rules keep closed.",
    remedy="Use a kind of the table below, or state group, kind and reason in kitchen:policy.kinds.",
    reference="https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/custom-resources/",
    judge=judge,
    dev_level=EnforcementLevel.ADVISORY,
    config_schema={
        "kinds": {
            **{"type": "array", "items": {"type": "object"}, "default": []},
            "description": "Kinds that the organisation understands, beside those of `kitchen:policy`: group (empty for"
            " the core), kind, reason, and `carriesPods: true` where pod specifications stand in its objects.",
        }
    },
)
