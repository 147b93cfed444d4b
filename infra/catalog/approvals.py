"""Who approved an entry of the catalog, who brought it in, when, and in which words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.days import day_rule
from infra.faults import Fault
from infra.people import EXAMPLE, alike_faults, name_rule, names_in, same_person


def approval_faults(path: str, entry: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the approvals and the retirement of an entry as the file has it."""
    faults = []
    if entry["state"] == "approved" and not entry.get("approvals"):
        rule = "an approved entry names who approved it, when and on which evaluation"
        example = "approvals: [{by: model-board, on: '2026-02-01', evaluation: evaluations/x}]"
        faults.append(Fault(path=f"{path}.approvals", value=[], rule=rule, example=example))
    for index, approval in enumerate(entry.get("approvals", ())):
        for key, example in (("by", "model-board"), ("evaluation", "evaluations/helpdesk-faq/2026-01-30")):
            if not (approval[key].strip() and approval[key].isprintable()):
                rule = "must not be empty, and on one line: an approval rests on somebody and on something"
                where = f"{path}.approvals.{index}.{key}"
                faults.append(Fault(path=where, value=approval[key], rule=rule, example=example))
        if same_person(approval["by"], entry.get("owner", "")):
            rule = "who brought it in does not approve it: two people see what runs"
            where = f"{path}.approvals.{index}.by"
            faults.append(Fault(path=where, value=approval["by"], rule=rule, example="model-board"))
        if broken := day_rule(approval["on"], done=True):
            where = f"{path}.approvals.{index}.on"
            faults.append(Fault(path=where, value=approval["on"], rule=broken, example="'2026-02-03'"))
    faults += _word_faults(path, entry)
    if "retirement" in entry and entry["state"] != "retired":
        rule = "an entry with a retirement is retired: what comes back is a new version"
        faults.append(Fault(path=f"{path}.state", value=entry["state"], rule=rule, example="retired"))
    return faults


def _word_faults(path: str, entry: Mapping[str, Any]) -> Iterator[Fault]:
    """What people have written into an entry: each of it on one line, and a day that there was."""
    for key in ("owner", "origin"):
        if key in entry and not entry[key].isprintable():
            rule = "must be on one line, without characters that cannot be seen"
            yield Fault(path=f"{path}.{key}", value=entry[key], rule=rule, example="support-team")
    retirement = entry.get("retirement")
    if retirement is None:
        return
    if broken := day_rule(retirement["on"], done=True):
        yield Fault(path=f"{path}.retirement.on", value=retirement["on"], rule=broken, example="'2026-06-01'")
    if not retirement["reason"].isprintable():
        rule = "must be on one line, without characters that cannot be seen"
        where = f"{path}.retirement.reason"
        yield Fault(path=where, value=retirement["reason"], rule=rule, example="replaced by v2026-06-01")


def people_faults(entries: Mapping[str, Mapping[str, Any]]) -> Iterator[Fault]:
    """Names of entries by kind that are not of the closed form, and those that look like another one of the catalog."""
    found = list(names_in(entries))
    for path, name in found:
        if name.strip() and (broken := name_rule(name)):
            yield Fault(path=path, value=name, rule=broken, example=EXAMPLE)
    yield from alike_faults((path, name) for path, name in found if not name_rule(name))
