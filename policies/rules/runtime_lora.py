"""Rule: adapters are loaded into a running server by the guarded sidecar alone.

A ServingRuntime has no sidecar of its own: there the guard is what can be judged, and the guard refuses every update
that does not carry the sidecar's token. A pod that states the variable itself needs both.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import (
    Fault,
    command_line,
    environment,
    judged_pods,
    shown,
    unseen_environment,
)
from policies.manifests.foreign_code import foreign_code
from policies.manifests.pods import Container, Pod
from policies.manifests.servers import images_of, server

_ID = "runtime-lora-updating"
VARIABLE = "VLLM_ALLOW_RUNTIME_LORA_UPDATING"
SIDECAR = "reconcile-adapters"
MIDDLEWARE = "middleware"
GUARD = "payload.guard_updates.UpdateGuard"
"""The middleware that keeps the update API for the holder of the pod's token (infra/payload)."""

_PLUGINS = "VLLM_PLUGINS"
_RESOLVER = "VLLM_LORA_RESOLVER_"
_OFF = ("", "0", "false")
"""Values with which vLLM keeps the update API closed; everything else counts as open."""

_EXAMPLE = f"the hot mode's sidecar {SIDECAR} beside a server with --{MIDDLEWARE}={GUARD}"


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each way in which adapters could be loaded past the sidecar."""
    rule = "only the hot mode's sidecar loads adapters into a running server, and a server runs its own code alone"
    return judged_pods(case, rule, _EXAMPLE, lambda pod: _faults(case, pod))


def _faults(case: Case, pod: Pod) -> Iterator[Fault]:
    containers = [server(images_of(case.world), pod, container) for container in pod.containers()]
    sidecar = any(_is_sidecar(entry.container) for entry in containers)
    for entry in containers:
        container = entry.container
        for flag in entry.refused(_ID):
            others = [value for value in entry.values(flag.name) if value != GUARD]
            if flag.name != MIDDLEWARE or others:
                yield Fault(path=entry.path, text=f"gives --{flag.name}, which {flag.closed}")
        if entry.is_vllm:
            yield from foreign_code(container)
        opened = list(_openings(container))
        if UNKNOWN in command_line(container) and entry.is_server:
            opened.append((entry.path, shown(UNKNOWN)))
        if not opened:
            continue
        lacking = [] if GUARD in entry.values(MIDDLEWARE) else [f"without --{MIDDLEWARE}={GUARD} in its args"]
        if not sidecar and not pod.is_runtime:
            lacking.append(f"without the sidecar {SIDECAR} in its pod")
        if lacking:
            yield from (Fault(path=path, text=f"{text}, {' and '.join(lacking)}") for path, text in opened)


def _is_sidecar(container: Container) -> bool:
    return container.name == SIDECAR and (container.group == "containers" or container.is_native_sidecar)


def _openings(container: Container) -> Iterator[tuple[str, str]]:
    where = f"{container.path}.env"
    for name, value in environment(container).items():
        if (name == VARIABLE and _is_on(value)) or name.startswith(_RESOLVER) or _loads_resolver(name, value):
            yield where, f"{name} {shown(value)}"
    for path in unseen_environment(container):
        if ".envFrom" not in path:
            yield path, shown(UNKNOWN)
    for word in command_line(container):
        # The names, never the word: a command line may hold keys.
        for mark in (VARIABLE, _RESOLVER, f"{_PLUGINS}="):
            if isinstance(word, str) and mark in word:
                yield f"{container.path}.args", f"sets {mark.rstrip('=')} in a command"


def _is_on(value: JsonValue) -> bool:
    return value is UNKNOWN or str(value).strip().lower() not in _OFF


def _loads_resolver(name: str, value: JsonValue) -> bool:
    return name == _PLUGINS and (value is UNKNOWN or "resolver" in str(value).lower())


RULE = Rule(
    id=_ID,
    title="Adapters enter a running server only through the hot mode's guarded sidecar.",
    severity=Severity.CRITICAL,
    reason="The open update API, or a resolver, lets any caller load weights that nobody has approved or compared.",
    remedy="Use `loraMode: hot`, which brings sidecar and guard, or list the adapters (`loraMode: static`).",
    reference="https://docs.vllm.ai/en/latest/features/lora.html#dynamically-serving-lora-adapters",
    judge=judge,
)
