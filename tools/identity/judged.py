"""The policy pack over rendered rights: what it refuses is stated by name here, with a reason, or the render fails."""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from infra.faults import HIDDEN, Fault, FaultsError, printable
from infra.load import read_stack_file
from policies.check.__main__ import judge
from policies.check.errors import CheckError
from tools.identity.rights import Rights

_RULE = "rbac-least"
_READS = {"get", "list", "watch"}
_PLACE = re.compile(r"rules\[(\d+)\]\.resources\[(\d+)\]")

STATED: Mapping[str, str] = {
    "namespaces": "the program declares the namespaces of its tenants: by name, made before by an administrator",
    "priorityclasses": "the program declares one PriorityClass an environment: by name",
    "resourcequotas": "the program declares each tenant's quota, in its namespace alone",
    "limitranges": "the program declares each tenant's limits, in its namespace alone",
}
"""Resources that the pack lets nobody write, and why the deployer does."""

WAITED = "the provider waits for a Secret's removal by listing its namespace, and never ends where it may not"
"""Why the deployer lists Secrets, which the pack lets nobody do."""

OF_PLATFORM = "the program declares what is in it, and nothing of others is there"
"""Why roles may do in a namespace of the environment's own, such as the entry's, what they may in a tenant's."""


def statements(objects: Sequence[Mapping[str, Any]], given: Rights, settings: Path) -> list[dict[str, str]]:
    """Entries of the pack's `understood` for what it refuses of these objects; raise FaultsError for anything else."""
    said = read_stack_file(settings)
    tenants = {f"{tenant}-{said.get('environment')}" for tenant in said.get("tenants") or {}}
    # Of those that are no tenant's, only namespaces that the program itself declares have an owner here.
    own = [name for name in given.namespaces if name in given.owners and name not in tenants]
    places = [_entry("namespace", name, OF_PLATFORM) for name in own]
    asked = _findings(objects, settings, places)
    rights = [entry for finding in asked for entry in _rights(objects, *finding)]
    made = [*places, *rights]
    if left := [message for _, message in _findings(objects, settings, made)]:
        faults = [
            Fault(path="rights", value=HIDDEN, rule=printable(message), example="docs/identity.md") for message in left
        ]
        raise FaultsError("identity", faults)
    return list({json.dumps(entry): entry for entry in made}.values())


def configuration(stated: Sequence[Mapping[str, str]]) -> str:
    """The statements as `kitchen policy check --config` and `--policy-pack-config` take them."""
    return json.dumps({_RULE: {"understood": list(stated)}}, indent=2) + "\n"


def _findings(
    objects: Sequence[Mapping[str, Any]], settings: Path, stated: Sequence[Mapping[str, str]]
) -> list[tuple[str, str]]:
    """Title and message of each mandatory finding."""
    with tempfile.TemporaryDirectory(prefix="kitchen-") as folder:
        file, config = Path(folder) / "identity.yaml", Path(folder) / "config.json"
        file.write_text(yaml.safe_dump_all(objects, sort_keys=False))
        config.write_text(configuration(stated))
        said = {"paths": [file], "settings": settings, "config": config, "exclude": [], "state": False}
        options = argparse.Namespace(**said, whole=False, lenient=False, metrics=None)
        try:
            result = judge(options)
        except CheckError as error:
            fault = Fault(path="--stack", value=settings.name, rule=str(error), example="Pulumi.dev.yaml")
            raise FaultsError("identity", [fault]) from None
    return [(found.title, found.message) for found in result.findings if found.level == "mandatory"]


def _rights(objects: Sequence[Mapping[str, Any]], title: str, message: str) -> Iterator[dict[str, str]]:
    """A statement for each verb that writes of the rule that a message is about, if its resource is of `STATED`."""
    place = _PLACE.search(message)
    if place is None:
        return
    one = next((one for one in objects if _title(one) == title), {})
    rules = one.get("rules") or []
    rule = rules[int(place[1])] if int(place[1]) < len(rules) else {"resources": [], "verbs": [], "apiGroups": [""]}
    plural = rule["resources"][int(place[2])] if int(place[2]) < len(rule["resources"]) else ""
    group = f".{rule['apiGroups'][0]}" if rule["apiGroups"][0] else ""
    stated = sorted(set(rule["verbs"]) - _READS) if plural in STATED else []
    for verb in sorted({"list", "watch"} & set(rule["verbs"])) if plural == "secrets" else stated:
        yield _entry("right", f"{title}: {verb} {plural}{group}", STATED.get(plural, WAITED))


def _title(one: Mapping[str, Any]) -> str:
    """An object as the pack's messages call it."""
    metadata = one["metadata"]
    inside = f"{metadata['namespace']}/" if "namespace" in metadata else ""
    return f"{one['kind']} {inside}{metadata['name']}"


def _entry(what: str, name: str, reason: str) -> dict[str, str]:
    return {"what": what, "name": name, "reason": reason}
