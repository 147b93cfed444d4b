"""Rule: adapters are loaded into a running server by the guarded sidecar alone.

A ServingRuntime has no sidecar of its own: there the guard is what can be judged, and the guard refuses every update
that does not carry the sidecar's token. A pod that states the variable itself needs both.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import Fault, at, command_line, judged_pods, listed, shown, unseen_environment
from policies.manifests.foreign_code import foreign_code
from policies.manifests.hooks import backup_faults, hook_faults
from policies.manifests.mounts import mounts
from policies.manifests.pods import Pod
from policies.manifests.server_variables import closed_faults, closed_variables, given, open_faults
from policies.manifests.servers import Server, containers_of
from policies.manifests.stated import stated, stated_schema
from policies.manifests.verified_fetch import fetch_fault

_ID = "runtime-lora-updating"
VARIABLE = "VLLM_ALLOW_RUNTIME_LORA_UPDATING"
SIDECAR = "reconcile-adapters"
MIDDLEWARE = "middleware"
GUARD = "payload.guard_updates.UpdateGuard"
"""The middleware that keeps the update API for the holder of the pod's token (infra/payload)."""

_FOLDER = "/run/kitchen/"
"""Where the sidecar leaves the token that the guard asks for."""

_RESOLVER = "VLLM_LORA_RESOLVER_"
_OFF = ("", "0", "false")
"""Values with which vLLM keeps the update API closed; everything else counts as open."""

_STATED, _PLACES = "serverVariables", "serverMounts"
_EXAMPLE = f"the hot mode's sidecar {SIDECAR} beside a server with --{MIDDLEWARE}={GUARD}"


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each way in which adapters could be loaded past the sidecar."""
    rule = "only the hot mode's sidecar loads adapters into a running server, and a server runs its own code alone"
    return judged_pods(case, rule, _EXAMPLE, lambda pod: _faults(case, pod))


def _faults(case: Case, pod: Pod) -> Iterator[Fault]:
    containers = containers_of(case, pod)
    sidecar = any(_is_sidecar(case, entry) for entry in containers)
    if at(pod.spec, "shareProcessNamespace") not in (None, False) and any(entry.is_vllm for entry in containers):
        text = "is not false: every container of the pod reaches the server's files and memory by it"
        yield Fault(path=f"{pod.path}.shareProcessNamespace", text=text)
    for path, variable in listed(at(pod.spec, "env"), f"{pod.path}.env"):
        # Tekton gives the variables of a pod's template to every container.
        name = at(variable, "name")
        if name is UNKNOWN or str(name).upper() in closed_variables(_ID):
            yield Fault(path=path, text=f"{shown(name)}, which brings code into every container")
    known, places = stated(case.config, _STATED), stated(case.config, _PLACES)
    for entry in containers:
        for flag in entry.refused(_ID):
            others = [value for value in entry.values(flag.name) if value != GUARD]
            if flag.name != MIDDLEWARE or others:
                yield Fault(path=entry.path, text=f"gives --{flag.name}, which {flag.closed}")
        yield from _own_code(entry, known, places)
        opened = list(_openings(entry))
        if UNKNOWN in command_line(entry.container) and entry.is_server:
            opened.append((entry.path, shown(UNKNOWN)))
        if not opened:
            continue
        yield from _readers(entry, containers)
        lacking = [] if GUARD in entry.values(MIDDLEWARE) else [f"without --{MIDDLEWARE}={GUARD} in its args"]
        if not sidecar and not pod.is_runtime:
            lacking.append(f"without the sidecar {SIDECAR} in its pod")
        if lacking:
            yield from (Fault(path=path, text=f"{text}, {' and '.join(lacking)}") for path, text in opened)


def _own_code(entry: Server, known: frozenset[str], places: frozenset[str]) -> Iterator[Fault]:
    """What a server would run or read beside its image and its flags."""
    if entry.is_vllm:
        yield from open_faults(entry, known)
        yield from hook_faults(entry.container)
        yield from backup_faults(entry.pod, entry.container)
    if entry.is_vllm or entry.is_of_kserve:
        yield from closed_faults(entry, _ID)
        yield from foreign_code(entry, places)


def _is_sidecar(case: Case, entry: Server) -> bool:
    """Whether a container is the hot mode's sidecar, by all that it gets and not by its name alone."""
    container = entry.container
    runs_on = container.group == "containers" or container.is_native_sidecar
    named = container.name == SIDECAR and runs_on
    return named and fetch_fault(case.world, entry.pod, container, ("reconcile_adapters",)) is None


def _openings(entry: Server) -> Iterator[tuple[str, str]]:
    for found in given(entry):
        if (found.name == VARIABLE and _is_on(found.value)) or found.name.startswith(_RESOLVER):
            yield found.path, f"{found.name} {shown(found.value)}"
    for path in unseen_environment(entry.container):
        if ".envFrom" not in path:
            yield path, shown(UNKNOWN)
    for word in command_line(entry.container):
        # The names, never the word: a command line may hold keys.
        for mark in (VARIABLE, _RESOLVER):
            if isinstance(word, str) and mark in word:
                yield f"{entry.container.path}.args", f"sets {mark} in a command"


def _readers(server: Server, containers: list[Server]) -> Iterator[Fault]:
    """Containers beside the server and its sidecar that reach the token by which adapters are loaded."""
    names = {
        str(mount.name) for mount in mounts(server.pod, server.container) if mount.known and mount.place == _FOLDER
    }
    for other in containers if names else ():
        if other.container.path == server.container.path or other.container.name == SIDECAR:
            continue
        for mount in mounts(other.pod, other.container):
            if not mount.known or mount.name in names:
                yield Fault(path=mount.path, text="reads the token by which the sidecar loads adapters, or may")


def _is_on(value: JsonValue) -> bool:
    return value is UNKNOWN or str(value).strip().lower() not in _OFF


RULE = Rule(
    id=_ID,
    title="Adapters enter a running server only through the hot mode's guarded sidecar.",
    severity=Severity.CRITICAL,
    reason="The open update API, or a resolver, lets any caller load weights that nobody has approved or compared.",
    remedy="Use `loraMode: hot`, which brings sidecar and guard, or list the adapters (`loraMode: static`).",
    reference="https://docs.vllm.ai/en/latest/features/lora.html#dynamically-serving-lora-adapters",
    judge=judge,
    config_schema={
        _STATED: stated_schema(
            "Variables that vLLM servers may get beside those of infra/catalog/server-variables.json, each with the"
            " reason why it opens nothing."
        ),
        _PLACES: stated_schema(
            "Folders at which vLLM servers may have volumes beside those of data (/mnt, /data, /models ...), each with"
            " the reason why no library takes code or settings from there."
        ),
    },
)
