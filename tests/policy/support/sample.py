"""What the policy tests share: digests that are plainly examples, and a run of one rule with the engine's proxies."""

from __future__ import annotations

import copy
import dataclasses
import datetime
from dataclasses import dataclass
from typing import Any

from pulumi_policy import PolicyCustomTimeouts, PolicyResourceOptions, ResourceValidationArgs
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policies.judging.rule import Rule, case_of
from policies.judging.world import World

EXAMPLE_DIGEST = "sha256:" + "1" * 64
PINNED = f"registry.kitchen.example/app@{EXAMPLE_DIGEST}"
UNKNOWN_VALUE = UNKNOWN_STRING_VALUE
"""What the engine sends for a value that is not known during a preview."""


def arguments(
    resource_type: str, inputs: dict[str, Any], config: dict[str, Any] | None = None, *, protect: bool = False
) -> Any:
    """What the engine hands to a rule, through the SDK's own proxies."""
    options = PolicyResourceOptions(protect, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])
    return ResourceValidationArgs(
        resource_type, unknown_checking_proxy(inputs), "urn:pulumi:test", "test", options, None, config or {}
    )


def violations(
    rule: Rule,
    resource_type: str,
    inputs: dict[str, Any],
    *,
    world: World | None = None,
    config: dict[str, Any] | None = None,
    protect: bool = False,
) -> list[str]:
    """Judge a resource as the engine does: through the SDK's proxies and, without a world, its policy object."""
    args = arguments(resource_type, inputs, config, protect=protect)
    if world is not None:
        case = case_of(args)
        return [] if case is None else list(rule.messages(dataclasses.replace(case, world=world)))
    found: list[str] = []
    rule.policy().validate(args, lambda message, urn=None: found.append(message))
    return found


def _image(repository: str, state: str = "approved", digest: str = EXAMPLE_DIGEST) -> dict[str, str]:
    return {"repository": repository, "digest": digest, "state": state}


WORLD = World(
    settings={
        "registry": "registry.kitchen.example",
        "gpuPools": {
            "l40s": {"product": "NVIDIA-L40S", "memoryGiB": 48, "gpus": 8},
            "slices": {
                **{"product": "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb", "memoryGiB": 10, "gpus": 8},
                **{"resource": "nvidia.com/mig-1g.10gb", "taint": "kitchen.example.com/slices"},
            },
        },
    },
    images={
        "app": _image("app"),
        "vllm": _image("vllm/vllm-openai"),
        "trial": _image("team/trial", "candidate"),
        "old": _image("team/old", "retired"),
    },
    today=datetime.date(2026, 1, 31),
)
"""The world of the samples: a registry, two pools, a catalog of example images; prod, as wherever nothing is said."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """An object and what a rule says about it: `says` has a fragment of each violation, in order; none when it passes.

    A module of `tests.policy.samples` registers samples as `SAMPLES`, a tuple of them by rule id.
    """

    name: str
    resource_type: str
    inputs: dict[str, Any]
    says: tuple[str, ...] = ()
    world: World = WORLD
    config: dict[str, Any] = dataclasses.field(default_factory=dict)
    protect: bool = False

    def fault(self, rule: Rule) -> str | None:
        """What is wrong with the rule's answer; None where it is as expected."""
        found = violations(
            rule, self.resource_type, self.inputs, world=self.world, config=self.config, protect=self.protect
        )
        if len(found) != len(self.says):
            return f"{self.name}: {len(found)} violations instead of {len(self.says)}: {found}"
        strange = [text for text, fragment in zip(found, self.says, strict=True) if fragment not in text]
        return f"{self.name}: unexpected {strange}, expected {self.says}" if strange else None


MISSING = object()
"""Takes a key out of an object."""


def changed(manifest: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy of an object with values put in or taken out; a path is its keys and indices, with spaces between."""
    copied = copy.deepcopy(manifest)
    for path, value in changes.items():
        *parents, last = (int(key) if key.isdigit() else key for key in path.split(" "))
        place: Any = copied
        for parent in parents:
            place = place.setdefault(parent, {}) if isinstance(place, dict) else place[parent]
        if value is MISSING:
            del place[last]
        elif isinstance(place, list) and last == len(place):
            place.append(value)
        else:
            place[last] = value
    return copied


def table(resource_type: str, manifest: dict[str, Any], *rows: tuple[Any, ...], **more: Any) -> tuple[Sample, ...]:
    """Samples out of rows of name, changes and fragments."""
    return tuple(
        Sample(name=name, resource_type=resource_type, inputs=changed(manifest, changes), says=tuple(says), **more)
        for name, changes, *says in rows
    )
