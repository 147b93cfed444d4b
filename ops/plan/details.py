"""The details of one environment: every section of the report in its order, whole, and only what changes."""

from __future__ import annotations

from collections.abc import Iterator

from ops.plan import heads
from ops.plan.report import Entry, Environment
from ops.plan.style import Style


def sections(one: Environment, style: Style) -> list[tuple[str, list[str]]]:
    """Titles and lines of every section that has any."""
    every = [
        ("verdict and reasons", [f"- {style.text(line)}" for line in one.reasons] + [_compared(one, style)]),
        ("kitchens", [line for entry in one.kitchens for line in _kitchen(entry, style)]),
        ("GPUs, memory and cost", [f"- {style.text(line)}" for line in _capacity(one.gpus)]),
        ("who may call what", [f"- {style.text(_access(entry))}" for entry in one.access]),
        ("images", [f"- {style.text(_image(entry))}" for entry in one.images]),
        ("what is lost", [f"- {entry['operation']} {style.text(entry['object'])}: {style.text(entry['why'])}"
                          for entry in one.red]),
        ("policies", [f"- {style.text(line)}" for line in _policies(one.policy)]),
        ("drift", _drift(one, style)),
        ("not known, not compared", [f"- {style.text(line)}" for line in one.unknown]),
        ("also said", [f"- {style.text(line)}" for line in one.notes]),
        ("errors", [f"- {style.text(line)}" for line in one.errors]),
        ("objects", [f"- {style.text(_object(entry))}" for entry in one.changes]),
    ]  # fmt: skip
    return [(title, lines) for title, lines in every if lines]


def _compared(one: Environment, style: Style) -> str:
    return f"- {style.text(one.compared['text'])}; plan {one.digest or 'without a sum'}"


def _kitchen(entry: Entry, style: Style) -> Iterator[str]:
    said = heads.pods(entry) or "pods stay"
    head = f"{entry['name']} of {entry['tenant']} in {entry['namespace']}: {entry['change']}, {said}"
    if entry["manner"]:
        head += f"; {entry['manner']}"
    yield f"- {style.text(head)}"
    for line in entry["settings"]:
        yield f"  - {style.text(line)}"
    for adapter in entry["adapters"]:
        told = [f"adapter {heads.adapter(adapter)}", adapter["state"], f"licence {adapter['licence']}"]
        told.append(f"approved by {adapter['approver']}" if adapter["approver"] else "approved by nobody")
        told.append(f"evaluation {adapter['evaluation']}")
        told.append(f"signature of {adapter['signer']}" if adapter["signer"] else "no signature is asked for")
        yield f"  - {style.text('; '.join([*told, adapter['sum'] or 'no sum of weights']))}"


def _capacity(gpus: Entry) -> Iterator[str]:
    for entry in gpus["tenants"]:
        yield (
            f"tenant {entry['tenant']}: GPUs at most {entry['before']} -> {entry['after']}, "
            f"quota {entry['quotaBefore']} -> {entry['quotaAfter']}, room {entry['quotaAfter'] - entry['after']}"
        )
    for entry in gpus["pools"]:
        yield (
            f"pool {entry['pool']}: GPUs at most {entry['before']} -> {entry['after']}, "
            f"size {entry['sizeBefore']} -> {entry['sizeAfter']}, room {entry['sizeAfter'] - entry['after']}"
        )
    for entry in gpus["memory"]:
        told = f"{entry['before'] or 'new'} -> {entry['after']}, {entry['verdict']}"
        yield f"memory of one GPU of {entry['kitchen']}: {told}"
    for entry in gpus["cost"]:
        yield f"cost a month: {entry['before'] or 'not stated'} -> {entry['after'] or 'not stated'} {entry['currency']}"
    for line in gpus["notCounted"]:
        yield f"not counted: {line}"


def _access(entry: Entry) -> str:
    if entry["change"] in ("gains", "loses"):
        return f"{entry['who']} {entry['change']} {entry['what']}"
    return f"{entry['who']}: {entry['what']}: {entry['before'] or 'none'} -> {entry['after'] or 'none'}"


def _image(entry: Entry) -> str:
    old, new = (f"{entry[key] or 'none'} ({entry[version] or 'version not known'})"
                for key, version in (("before", "versionBefore"), ("after", "versionAfter")))  # fmt: skip
    return f"{entry['name']}: {old} -> {new}"


def _policies(policy: Entry) -> Iterator[str]:
    for word, entries in (("denied", policy["violations"]), ("to consider", policy["warnings"])):
        yield from (f"{word}: {entry['policy']}: {entry['object']}: {entry['text']}" for entry in entries)
    for entry in policy["exemptions"]:
        yield f"exemption: {heads.exemption(entry)}, approved by {entry['approver']}"


def _drift(one: Environment, style: Style) -> list[str]:
    if one.drift is None:
        return ["- not looked at: no cluster is named (--context, --kubeconfig)"]
    return [f"- {style.text(line)}" for line in (one.drift["text"], *one.drift["lines"])]


def _object(entry: Entry) -> str:
    place = f"{entry['namespace']}/" if entry["namespace"] else ""
    paths = f": {', '.join(entry['properties'])}" if entry["properties"] else ""
    return f"{entry['operation']} {entry['kind']} {place}{entry['name']} ({entry['of']}){paths}"
