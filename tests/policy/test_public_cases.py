"""Public cases are judged as their libraries judge them, but for those that are listed with a reason."""

from __future__ import annotations

from collections import Counter

from policies.pack import RULES
from tests.policy.public import PublicCase, public_cases
from tests.policy.samples import violations


def _each(policy: str, reason: str, *names: str) -> dict[tuple[str, str], str]:
    return {(policy, name): reason for name in names}


DIFFERENT: dict[tuple[str, str], str] = {
    **_each(
        "kyverno disallow-latest-tag", "a tag can be moved: only a digest will do", "tagged", "a deployment, tagged"
    ),
    **_each(
        "gatekeeper disallowedtags", "a tag can be moved: only a digest will do", "tagged", "latest of listed names"
    ),
    **_each(
        "gatekeeper imagedigests",
        "only a digest of an algorithm that the OCI image specification registers is one",
        "containers, algorithms that are not registered",
        "init containers, algorithms that are not registered",
    ),
    **_each(
        "gatekeeper aiapprovedmodelregistry",
        "what looks like a digest and is too short names nothing",
        "a digest by its form",
    ),
    **_each(
        "kyverno restrict-image-registries",
        "an environment has one registry, into which images are brought",
        "another allowed registry",
        "one of each",
    ),
    **_each(
        "kyverno allowed-image-repos", "a name says nothing without registry and folder", "known names in other folders"
    ),
    **_each(
        "kyverno memory-requests-equal-limits",
        "a request may be below its limit",
        "less asked for",
        "less asked for twice",
        "less asked for by the first",
        "less asked for by the second",
        "a deployment",
        "a cron job",
    ),
    **_each("kyverno memory-requests-equal-limits", "figures are demanded of every container", "nothing"),
    **_each(
        "gatekeeper containerlimits",
        "what cannot be read is refused, whoever looks at it",
        "CPU that cannot be read, where it is not looked at",
    ),
    **_each("gatekeeper containerlimits", "CPU is shared out by requests; a limit only slows down", "no limit of CPU"),
    **_each("gatekeeper containerlimits", "the quota of the namespace bounds what it takes", "more than the most"),
    **_each(
        "gatekeeper containerrequests", "the quota of the namespace bounds what it takes", "more CPU than the most"
    ),
}
"""Cases that are judged differently, by policy and name, and why."""

COUNTS = {
    "gatekeeper aiapprovedmodelregistry": (2, 3),
    "gatekeeper allowedrepos": (1, 5),
    "gatekeeper allowedreposv2": (1, 7),
    "gatekeeper containerlimits": (6, 22),
    "gatekeeper containerrequests": (3, 8),
    "gatekeeper containerresources": (3, 10),
    "gatekeeper disallowedtags": (2, 5),
    "gatekeeper imagedigests": (8, 8),
    "kyverno allowed-image-repos": (3, 8),
    "kyverno disallow-latest-tag": (2, 7),
    "kyverno memory-requests-equal-limits": (2, 6),
    "kyverno require-image-checksum": (6, 9),
    "kyverno require-pod-requests-limits": (6, 4),
    "kyverno restrict-image-registries": (5, 9),
}
"""How many cases of each policy its library passes and refuses."""


def every_case() -> list[PublicCase]:
    return [case for found in public_cases().values() for case in found]


def key(case: PublicCase) -> tuple[str, str]:
    return case.policy, case.name.removeprefix(f"{case.policy}: ")


def judged_differently() -> set[tuple[str, str]]:
    """Cases that a rule passes and their library does not, and the other way round."""
    found: set[tuple[str, str]] = set()
    for rule in RULES:
        for case in public_cases().get(rule.id, ()):
            said = violations(rule, case.resource_type, case.inputs, world=case.world, config=case.config)
            if case.passes == bool(said):
                found.add(key(case))
    return found


def test_the_cases_are_all_there() -> None:
    found = Counter((case.policy, case.passes) for case in every_case())
    assert {policy: (found[policy, True], found[policy, False]) for policy, _ in found} == COUNTS


def test_a_case_is_named_by_its_policy_alone() -> None:
    assert len({key(case) for case in every_case()}) == len(every_case())


def test_what_is_judged_differently_is_listed_and_nothing_else() -> None:
    assert judged_differently() == set(DIFFERENT)
