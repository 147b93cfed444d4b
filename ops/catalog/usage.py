"""Where environments use what: the kitchens and tenants of every Pulumi.<stack>.yaml, by catalog entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.adapter_refs import refs_in
from infra.catalog import FETCH_IMAGE
from infra.faults import Fault, FaultsError
from infra.load import read_stack_file
from infra.runtime_settings import Runtime
from ops.catalog.kinds import KINDS, Kind


def used_by(stacks: Path, kind: Kind) -> dict[str, list[str]]:
    """Return who uses each entry, such as `prod: kitchen support`; raise FaultsError when a file cannot be read.

    A folder without any such file says nothing about who uses what, so it is refused as well. The files are taken as
    they stand, right or wrong: an entry that is in the way of a fault is in use as well.
    """
    found: dict[str, list[str]] = {}
    paths = sorted(stacks.glob("Pulumi.*.yaml"))
    if not paths:
        rule = "must be a folder with the environments' files, which tell who uses what"
        example = "--stacks . where Pulumi.<stack>.yaml lies"
        raise FaultsError("catalog", [Fault(path="--stacks", value=str(stacks), rule=rule, example=example)])
    for path in paths:
        stack = path.name.removeprefix("Pulumi.").removesuffix(".yaml")
        for key, ref, who in _uses(read_stack_file(path)):
            users = found.setdefault(ref, []) if key == kind.word else []
            users += [f"{stack}: {who}"] if f"{stack}: {who}" not in users else []
    return found


def _uses(settings: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Kind, reference and user of everything that a file names."""
    for name, tenant in _mapping(settings.get("tenants")).items():
        for ref in _texts(_mapping(tenant).get("baseModels")):
            yield KINDS["model"].word, ref, f"tenant {name}"
    for name, entry in _mapping(settings.get("kitchens")).items():
        kitchen = _mapping(entry)
        yield from _kitchen(kitchen, f"kitchen {name}")
        if "canary" in kitchen:
            yield from _kitchen(kitchen | _mapping(kitchen["canary"]), f"canary of kitchen {name}")
    server = _mapping(settings.get("objectStore")).get("deploy")
    if isinstance(server, dict):
        yield KINDS["image"].word, str(server.get("image", "minio")), "object store"


def _kitchen(kitchen: Mapping[str, Any], who: str) -> Iterator[tuple[str, str, str]]:
    adapters = kitchen.get("adapters")
    for ref in [ref for entry in adapters for ref in refs_in(entry)] if isinstance(adapters, list) else ():
        yield KINDS["adapter"].word, ref, who
    yield KINDS["model"].word, str(kitchen.get("baseModel")), who
    yield KINDS["image"].word, str(_mapping(kitchen.get("runtime")).get("image", Runtime().image)), who
    yield KINDS["image"].word, FETCH_IMAGE, who


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> list[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []
