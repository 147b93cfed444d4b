"""Samples of the rule on rights: what the organisation states that one role may do."""

from __future__ import annotations

from tests.policy.support.rights import role, rule, sample
from tests.policy.support.sample import Sample

_STATED = tuple(
    sample(
        f"a right that is stated as {statement}",
        role("ClusterRole", rule("apps", "statefulsets", "get *")),
        *says,
        config={"understood": [{"what": "right", "name": statement, "reason": "an operator of figures"}]},
    )
    for statement, *says in (
        ("ClusterRole sample: * statefulsets.apps",),
        ("ClusterRole sample: create statefulsets.apps", "verbs[1]: is '*'", "a pod of any namespace"),
        ("ClusterRole other: * statefulsets.apps", "verbs[1]: is '*'", "a pod of any namespace"),
        ("ClusterRole sample: * statefulsets", "verbs[1]: is '*'", "a pod of any namespace"),
        ("ClusterRole *: * statefulsets.apps", "verbs[1]: is '*'", "1 of the entries of `understood` cannot be"),
        ("ClusterRole sample: * *", "verbs[1]: is '*'", "1 of the entries of `understood` cannot be read"),
    )
)
_STATED_TOO = tuple(
    sample(
        f"{verb} {resource} that is stated",
        role("ClusterRole", rule("", resource, verb)),
        *says,
        config={"understood": [{"what": "right", "name": "ClusterRole sample: get secrets", "reason": "signs"}]},
    )
    for verb, resource, *says in (
        ("get", "secrets"),
        ("list", "secrets", "read in every namespace"),
        ("get list", "secrets", "read in every namespace"),
        ("update", "endpoints", "leads what is meant for others"),
    )
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"rbac-least": (*_STATED, *_STATED_TOO)}
