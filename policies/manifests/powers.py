"""Fields that give the node whatever kind they stand in, for kinds whose pods other projects put together.

A safety net under `pod_finder`: an operator may call its pod specification as it likes, but not these fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.judging.subject import Subject, entries
from policies.judging.values import JsonValue
from policies.manifests.fields import Fault, at, shown
from policies.manifests.nested import is_manifest
from policies.manifests.pod_finder import pods
from policies.manifests.security_contexts import CAPABILITIES

_SWITCHES = ("hostNetwork", "hostPID", "hostIPC", "privileged", "hostProcess")
_PATHS = ("hostPath", "hostDisk")
_HARMLESS: dict[str, tuple[JsonValue, ...]] = {
    **dict.fromkeys(_SWITCHES, (None, False, "false", "")),
    "hostPort": (None, 0, ""),
    "procMount": (None, "", "Default"),
}
"""Values of a field that give nothing."""

_PROFILES = ("seccompProfile", "appArmorProfile")
_TEXTS = ("podSpecPatch", "podSpecPatches")
_NATIVE = ("", "apps", "batch", "apiextensions.k8s.io", "security.openshift.io", "policy", "kyverno.io")
"""Groups whose kinds have these fields in pods alone, or describe them."""

_NOT_HERE = ("metadata", "status", "validate", "openAPIV3Schema")


def powers(subject: Subject) -> Iterator[Fault]:
    """Such fields of an object that the checks of the pods found in it do not look at."""
    if subject.group not in _NATIVE and subject.is_kubernetes:
        found = pods(subject)
        within = (
            *(
                f"{container.path}.{field}"
                for pod in found
                for container in pod.containers()
                for field in ("securityContext", "ports")
            ),
            *(f"{pod.path}.{field}" for pod in found for field in ("volumes", "securityContext")),
        )
        yield from _Walk(own=frozenset(pod.path for pod in found), within=within).run(subject.inputs, "")


@dataclass(frozen=True, kw_only=True)
class _Walk:
    """`own` are the paths of pods, `within` those of what their checks look at."""

    own: frozenset[str]
    within: tuple[str, ...]

    def run(self, value: JsonValue, path: str) -> Iterator[Fault]:
        if isinstance(value, list):
            for index, entry in enumerate(value):
                yield from self.run(entry, f"{path}[{index}]")
        if not isinstance(value, dict) or (path and (is_manifest(value) or path.startswith(self.within))):
            return
        for key, entry in value.items():
            if key in _NOT_HERE:
                continue
            where = f"{path}.{key}" if path else str(key)
            text = None if path in self.own and key in _SWITCHES else _power(key, entry)
            if text:
                yield Fault(path=where, text=text)
            else:
                yield from self.run(entry, where)


def _power(key: str, value: JsonValue) -> str | None:
    if key in _TEXTS and value:
        return "patches pods in a way that cannot be judged: write the fields themselves"
    if key in _PATHS and value not in (None, {}, ""):
        return "is a path of the node"
    harmless = _HARMLESS.get(key)
    if harmless is not None and value not in harmless:
        return shown(value)
    return _confinement(key, value)


def _confinement(key: str, value: JsonValue) -> str | None:
    added = entries(at(value, "add")) if key == "capabilities" else []
    if any(entry not in CAPABILITIES for entry in added):
        return f"adds {', '.join(map(str, added))}"
    return "is 'Unconfined'" if key in _PROFILES and at(value, "type") == "Unconfined" else None
