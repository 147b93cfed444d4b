"""From candidate to approved to retired: an entry goes on, never back."""

from __future__ import annotations

from pathlib import Path

from infra.catalog import Adapter, BaseModel, Catalog, Image, load_catalog
from infra.days import day_rule, today
from infra.faults import MISSING, Fault, FaultsError
from infra.people import name_rule, same_person
from ops.catalog.edit import Edit, change_entry, read_entry
from ops.catalog.kinds import Kind
from ops.catalog.usage import used_by


def promote(folder: Path, kind: Kind, ref: str, *, evaluation: str, approver: str, date: str) -> Edit:
    """Plan the approval of a candidate; raise FaultsError with everything that is against it.

    `date` is YYYY-MM-DD and not in the future. Who brought the entry in does not approve it.
    """
    catalog = load_catalog(folder)
    entry = _known(catalog, kind, ref)
    faults = [
        *_needed(
            "--evaluation", evaluation, "an approval rests on an evaluation", "evaluations/helpdesk-faq/2026-01-30"
        ),
        *_needed("--approver", approver, "an approval has a name", "model-board"),
        *_date(date),
    ]
    if entry.state != "candidate":
        rule = f"is {entry.state}: a candidate is promoted, once"
        faults.append(Fault(path="NAME", value=ref, rule=rule, example="a new version"))
    owner = str(read_entry(folder, kind, ref).get("owner", ""))
    if entry.state == "candidate" and not owner.strip():
        rule = f"must say who brought {ref} in, who then does not approve it: add it in {kind.file}"
        faults.append(Fault(path="owner", value=owner or MISSING, rule=rule, example="owner: support-team"))
    if approver.strip() and approver.isprintable() and (broken := name_rule(approver)):
        faults.append(Fault(path="--approver", value=approver, rule=broken, example="model-board"))
    if approver.strip() and same_person(approver, owner):
        rule = f"{owner} brought it in and does not approve it: two people see what runs"
        faults.append(Fault(path="--approver", value=approver, rule=rule, example="model-board"))
    if isinstance(entry, Adapter) and (state := catalog.base_models[entry.base_model].state) != "approved":
        rule = f"its base model {entry.base_model} is {state}: promote that first"
        example = f"kitchen model promote {entry.base_model}"
        faults.append(Fault(path="NAME", value=ref, rule=rule, example=example))
    if faults:
        raise FaultsError(f"promote {ref}", faults)
    approval = {"by": approver.strip(), "on": date, "evaluation": evaluation.strip()}
    return change_entry(Edit(folder=folder), kind, ref, state="approved", key="approvals", value=approval)


def retire(folder: Path, kind: Kind, ref: str, *, reason: str, date: str, stacks: Path) -> Edit:
    """Plan the end of an entry; raise FaultsError while an environment's file in `stacks` still names it."""
    entry = _known(load_catalog(folder), kind, ref)
    faults = [*_needed("--reason", reason, "a reader wants to know why", "replaced by v2026-06-01"), *_date(date)]
    if entry.state == "retired":
        faults.append(Fault(path="NAME", value=ref, rule="is retired already", example="an entry that may still run"))
    if users := used_by(stacks, kind).get(ref):
        rule = f"is still in use: {', '.join(users)}; take it out of the environment's file first"
        faults.append(Fault(path="NAME", value=ref, rule=rule, example="a newer version in its place"))
    if faults:
        raise FaultsError(f"retire {ref}", faults)
    retirement = {"on": date, "reason": reason.strip()}
    return change_entry(Edit(folder=folder), kind, ref, state="retired", key="retirement", value=retirement)


def _known(catalog: Catalog, kind: Kind, ref: str) -> Adapter | BaseModel | Image:
    entries = kind.entries(catalog)
    if ref not in entries:
        rule = f"must be in {kind.file}: {', '.join(entries)}"
        raise FaultsError("catalog", [Fault(path="NAME", value=ref, rule=rule, example=kind.example)])
    return entries[ref]


def _needed(option: str, value: str, why: str, example: str) -> list[Fault]:
    if value.strip() and value.isprintable():
        return []
    shown = value or MISSING
    return [Fault(path=option, value=shown, rule=f"must be there, on one line: {why}", example=f"{option} {example}")]


def _date(text: str) -> list[Fault]:
    broken = day_rule(text, done=True)
    return [Fault(path="--date", value=text, rule=broken, example=today().isoformat())] if broken else []
