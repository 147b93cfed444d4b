"""Public cases are judged as their libraries judge them, but for those that are listed with a reason."""

from __future__ import annotations

from collections import Counter

from policies.pack import RULES
from tests.policy.support.public import PublicCase, public_cases
from tests.policy.support.sample import violations


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
    **_each(
        "kyverno require-probes",
        "one probe does not tell both when to send requests and when to start again",
        "alive alone",
        "alive the first, ready the second",
        "started alone, by gRPC",
    ),
    **_each("kyverno require-probes", "servers are controllers' pods; a pod alone is a task", "a pod alone"),
    **_each(
        "kyverno ensure-probes-different",
        "vLLM has one address that tells its health; the probes differ in their patience",
        "the same address",
        "the same command in the second",
        "the same port in the first",
    ),
    **_each("kyverno ensure-probes-different", "a server needs both probes, a sidecar readiness", "one alone"),
    **_each(
        "gatekeeper requiredprobes",
        "a sidecar needs readiness alone: that it hangs is no reason to load the model again",
        "both, then not alive",
        "both, then an empty alive",
    ),
    **_each(
        "kyverno restrict-sa-automount-sa-token",
        "each pod says it itself, which goes before its account",
        "an account, on",
    ),
    **_each(
        "kyverno disallow-secrets-from-env-vars",
        "servers and S3 clients take their keys from variables; a reference to a Secret is what the rule asks for",
        "a key",
        "all keys, in the second",
        "all keys and a key",
        "a deployment, a key",
        "a deployment, all keys",
        "a cron job, a key",
        "a cron job, all keys",
    ),
    **_each(
        "kyverno restrict-networkpolicy-empty-podselector",
        "whom a policy lets in is judged, not whom it is about",
        "every pod, chosen pods let in",
    ),
}
"""Cases that are judged differently, by policy and name, and why."""

COUNTS = {
    "gatekeeper aiapprovedmodelregistry": (2, 3),
    "gatekeeper ainetworkegress": (1, 1),
    "gatekeeper airequiredcontrols": (1, 3),
    "gatekeeper allowedrepos": (1, 5),
    "gatekeeper allowedreposv2": (1, 7),
    "gatekeeper automount-serviceaccount-token": (1, 2),
    "gatekeeper containerlimits": (6, 22),
    "gatekeeper containerrequests": (3, 8),
    "gatekeeper containerresources": (3, 10),
    "gatekeeper disallowedtags": (2, 5),
    "gatekeeper imagedigests": (8, 8),
    "gatekeeper requiredprobes": (2, 56),
    "kyverno allowed-image-repos": (3, 8),
    "kyverno disallow-latest-tag": (2, 7),
    "kyverno disallow-secrets-from-env-vars": (7, 7),
    "kyverno ensure-probes-different": (2, 3),
    "kyverno memory-requests-equal-limits": (2, 6),
    "kyverno require-image-checksum": (6, 9),
    "kyverno require-pod-requests-limits": (6, 4),
    "kyverno require-probes": (3, 4),
    "kyverno restrict-automount-sa-token": (4, 5),
    "kyverno restrict-image-registries": (5, 9),
    "kyverno restrict-networkpolicy-empty-podselector": (2, 1),
    "kyverno restrict-sa-automount-sa-token": (1, 1),
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
