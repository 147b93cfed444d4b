"""Where a server's base model lies: on the claim of an approved one, with nothing over it and no writer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from policies.judging.pace import once
from policies.judging.rule import Case
from policies.judging.values import UNKNOWN, JsonValue
from policies.judging.world import World
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed
from policies.manifests.models import not_allowed
from policies.manifests.mounts import Mount, folder, mounts
from policies.manifests.pod_finder import pods
from policies.manifests.pods import Container, Pod
from policies.manifests.servers import Server
from policies.manifests.verified_fetch import BASE_MODEL, fetch_fault


@dataclass(frozen=True)
class Place:
    """What lies at the mount of the base model: `<name>/vN` of the catalog where it is known, and what is wrong."""

    model: str | None
    faults: tuple[Fault, ...]


@once
def claims(world: World) -> dict[str, str]:
    """The claim that holds each base model of the catalog, as the program names it, with the model's `<name>/vN`."""
    return {claim_of(ref): ref for ref in world.base_models}


def claim_of(model: str) -> str:
    """The claim of a base model `<name>/vN`, as the program names it."""
    return f"base-{model.replace('/', '-').replace('.', '-')}"


def place_of_model(case: Case, server: Server, path: str, known: frozenset[str]) -> Place:
    """What lies at `path` in a server; `known` are further claims that hold base models, as the organisation says."""
    wanted = folder(path)
    model: str | None = None
    faults: list[Fault] = []
    for mount in mounts(server.pod, server.container):
        if not mount.known:
            faults.append(Fault(path=mount.path, text=f"may hold the base model, and {NOT_KNOWN}"))
        elif mount.place == wanted and not server.is_merged_model:
            model, text = _model_of(case, mount, known)
            faults += [Fault(path=mount.path, text=f"is mounted at {path} and {text}")] if text else []
        elif mount.place.startswith(wanted):
            faults.append(Fault(path=mount.path, text=f"lies over files of the base model at {path}"))
        elif wanted.startswith(mount.place) and mount.place != "/":
            faults.append(Fault(path=mount.path, text=f"holds {path}, where the base model is a volume of its own"))
    return Place(model, tuple(faults))


def _model_of(case: Case, mount: Mount, known: frozenset[str]) -> tuple[str | None, str | None]:
    """The base model that a mount holds, and why it may not be served from there."""
    claim, part = at(mount.volume, "persistentVolumeClaim", "claimName"), at(mount.spec, "subPath")
    ref = claims(case.world).get(claim) if isinstance(claim, str) else None
    stated = isinstance(claim, str) and claim in known
    if ref is None and stated:
        ref = part.removeprefix("base/") if isinstance(part, str) else None
    fault: str | None = None
    if UNKNOWN in (claim, part):
        fault = NOT_KNOWN
    elif not isinstance(claim, str):
        fault = "is no claim of a base model: what it holds has been compared with nothing"
    elif claim not in claims(case.world) and not stated:
        fault = f"is the claim {claim!r}, which is no base model's of the catalog, base-<name>-vN"
    elif at(mount.spec, "subPathExpr") is not None or (part is not None and part != f"base/{ref}"):
        fault = "is another part of the claim than base/<name>/vN of its model"
    elif ref is not None:
        fault = _not_approved(case, ref)
    return ref, fault


def _not_approved(case: Case, ref: str) -> str | None:
    fault = not_allowed(case.world, case.world.base_models.get(ref), f"base model {ref!r}")
    return None if fault is None else f"holds what may not run: {fault}"


def writers(case: Case, pod: Pod, container: Container, known: frozenset[str]) -> Iterator[Fault]:
    """Mounts by which a container may change an approved base model; the verified load alone may."""
    names = {*claims(case.world), *known}
    held = [volume for _, volume in listed(at(pod.spec, "volumes"), "") if _claim_of(volume) in names]
    for mount in mounts(pod, container) if held else ():
        claim = _claim_of(mount.volume)
        if mount.is_read_only or (mount.known and claim not in names):
            continue
        fault = fetch_fault(case.world, pod, container, BASE_MODEL)
        if fault and not mount.known:
            yield Fault(path=mount.path, text=f"may be the claim of a base model, and {NOT_KNOWN}")
        elif fault:
            text = f"may write the base model on the claim {claim!r}, and the container {fault}: say readOnly: true"
            yield Fault(path=mount.path, text=text)


def _claim_of(volume: JsonValue) -> str:
    claim = at(volume, "persistentVolumeClaim", "claimName")
    return claim if isinstance(claim, str) else ""


def made_claims(case: Case, known: frozenset[str]) -> Iterator[Fault]:
    """Claims that the cluster makes for an object and that would be called like a base model's, so be taken for it.

    The claim of an ephemeral volume is `<pod>-<volume>`, and a pod's name begins with that of the object that makes it.
    """
    metadata, spec = case.subject.metadata, case.subject.inputs.get("spec")
    owner = case.subject.object_name or metadata.get("generateName")
    if not isinstance(owner, str):
        return
    names = {*claims(case.world), *known}
    for pod in pods(case.subject):
        for path, volume in listed(at(pod.spec, "volumes"), f"{pod.path}.volumes"):
            end = f"-{at(volume, 'name')}"
            called = [name for name in sorted(names) if name.endswith(end) and name.removesuffix(end).startswith(owner)]
            if at(volume, "ephemeral") is not None and called:
                yield Fault(path=f"{path}.ephemeral", text=f"makes the claim {called[0]!r}, which is a base model's")
    for path, template in listed(at(spec, "volumeClaimTemplates"), "spec.volumeClaimTemplates"):
        own = str(at(template, "metadata", "name"))
        ordinal = re.compile(rf"{re.escape(own)}-{re.escape(owner)}(?:-\d+)+")
        called = [
            name
            for name in sorted(names)
            if ordinal.fullmatch(name) or (name.endswith(f"-{own}") and name.removesuffix(f"-{own}").startswith(owner))
        ]
        if called:
            yield Fault(path=path, text=f"makes the claim {called[0]!r}, which is a base model's")
