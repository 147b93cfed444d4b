"""Remediations: off unless the pack's configuration says `remediate`; what they change, rules judge afterwards.

Each changes only what an object leaves open: it never replaces what somebody wrote, and leaves alone what is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

from pulumi_policy import EnforcementLevel, ResourceValidationArgs, ResourceValidationPolicy, proxy

from policies.judging.failures import RuleFailedError
from policies.judging.rule import Case, case_of
from policies.judging.values import UNKNOWN
from policies.manifests.ownership import ENVIRONMENT, PART_OF, is_labelled
from policies.manifests.pod_finder import pods

PART_OF_VALUE = "private-ai-kitchen"
Changes = Callable[[Case], Iterator[tuple[tuple[str, ...], Any]]]
"""Yields paths of what is missing, and the value to put there."""


class _ToldError(proxy.UnknownValueError):
    """The one exception that the SDK tells as a remark on a remediation: any other one ends the run."""

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Remediation:
    """A change that the pack makes to objects before they are judged, once the configuration turns it on."""

    id: str
    title: str
    changes: Changes

    def policy(self) -> ResourceValidationPolicy:
        """Return it as the engine runs it. One that fails is told and changes nothing: rules judge what is there."""

        def remediate(args: ResourceValidationArgs) -> Any:
            try:
                case = case_of(args)
                changes = [] if case is None else list(self.changes(case))
            except Exception as error:
                failure = RuleFailedError(self.id, f"{args.resource_type} {args.name}", error)
                raise _ToldError(str(failure)) from error
            props: Any = args.props
            for path, value in changes:
                _put(props, path, value)
            return props if changes else None

        return ResourceValidationPolicy(
            name=self.id,
            description=f"{self.title} Off unless the configuration of the pack sets it to remediate.",
            remediate=remediate,
            enforcement_level=EnforcementLevel.DISABLED,
        )


def _put(props: MutableMapping[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Put a value below proxies; parents that are missing are made."""
    *parents, last = path
    for index, key in enumerate(parents):
        if key not in props or props[key] is None:
            rest: Any = value
            for name in reversed(path[index + 1 :]):
                rest = {name: rest}
            props[key] = rest
            return
        props = props[key]
    props[last] = value


def _labels(case: Case) -> Iterator[tuple[tuple[str, ...], Any]]:
    subject = case.subject
    labels = subject.metadata.get("labels")
    if not is_labelled(subject) or UNKNOWN in (subject.inputs.get("metadata"), labels):
        return
    wanted = {PART_OF: PART_OF_VALUE}
    if "environment" in case.world.settings:
        wanted[ENVIRONMENT] = case.world.environment
    missing = {name: value for name, value in wanted.items() if name not in (labels or {})}
    if missing and not labels:
        yield ("metadata", "labels"), missing
    else:
        yield from ((("metadata", "labels", name), value) for name, value in missing.items())


def _seccomp(case: Case) -> Iterator[tuple[tuple[str, ...], Any]]:
    for pod in pods(case.subject):
        # A runtime has no place for it, and a path through a list is left to its author.
        if pod.spec is UNKNOWN or pod.is_runtime or "[" in pod.path:
            continue
        context = pod.spec.get("securityContext")
        if context is None or (isinstance(context, dict) and "seccompProfile" not in context):
            path = (*pod.path.split("."), "securityContext", "seccompProfile")
            profile = {"type": "RuntimeDefault"}
            yield (path, profile) if context else (path[:-1], {"seccompProfile": profile})


REMEDIATIONS = (
    Remediation(
        id="kitchen-labels-added",
        title="Objects without the labels of project and environment get them.",
        changes=_labels,
    ),
    Remediation(
        id="seccomp-profile-added",
        title="Pods without a seccomp profile get RuntimeDefault.",
        changes=_seccomp,
    ),
)
