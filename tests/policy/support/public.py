"""Public cases: good and bad objects of other people's policy libraries, restated as samples of this pack's rules.

What they vary comes from kyverno/policies and open-policy-agent/gatekeeper-library, both under Apache-2.0; no text of
theirs is copied. A case keeps what its policy is about and takes everything else from objects that all rules pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.policy.support.objects import CRON_JOB, DEPLOYMENT, DEPLOYMENT_TYPE, POD, POD_TYPE
from tests.policy.support.registry import samples
from tests.policy.support.sample import Sample, changed

GOOD, BAD = True, False


@dataclass(frozen=True, kw_only=True)
class PublicCase(Sample):
    """A sample with the policy that it comes from, as `<library> <policy>`, and whether the library passes it."""

    policy: str
    passes: bool


@dataclass(frozen=True, kw_only=True)
class Place:
    """An object and the path in it that changes start from."""

    resource_type: str
    manifest: dict[str, Any]
    path: str = ""


IN_POD = Place(resource_type=POD_TYPE, manifest=POD, path="spec")
IN_DEPLOYMENT = Place(resource_type=DEPLOYMENT_TYPE, manifest=DEPLOYMENT, path="spec template spec")
IN_CRON_JOB = Place(
    resource_type="kubernetes:batch/v1:CronJob", manifest=CRON_JOB, path="spec jobTemplate spec template spec"
)


def cases(policy: str, place: Place, *rows: tuple[Any, ...], **more: Any) -> tuple[PublicCase, ...]:
    """Cases out of rows of the library's verdict, name, changes and fragments of what the rule says."""
    return tuple(
        PublicCase(
            name=f"{policy}: {name}",
            resource_type=place.resource_type,
            inputs=changed(place.manifest, {f"{place.path} {path}".strip(): value for path, value in changes.items()}),
            says=tuple(says),
            policy=policy,
            passes=verdict,
            **more,
        )
        for verdict, name, changes, *says in rows
    )


def public_cases() -> dict[str, tuple[PublicCase, ...]]:
    """Every public case, by rule."""
    return {
        rule: found
        for rule, entries in samples().items()
        if (found := tuple(entry for entry in entries if isinstance(entry, PublicCase)))
    }
