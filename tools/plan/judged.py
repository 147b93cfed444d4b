"""What the policies say of the work tree: violations all of them, warnings that are new, exemptions that matter."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from infra.policy_settings import Exemption
from infra.settings import Settings
from ops.plan.report import Entry
from tools.engine.outcome import Outcome, Violation
from tools.plan.planned import Planned

SOON_DAYS = 14
"""An exemption whose last day is nearer than this is told without any change."""

_IN_USE = ("exemptions-in-use", "stack-exemptions-in-use")


def asks_of_base(after: Outcome) -> bool:
    """Whether what the policies say of the base is asked for: of a warning it says whether it is a new one."""
    return any(one.level != "mandatory" and one.policy not in _IN_USE for one in after.violations)


def judged(before: Outcome | None, after: Outcome, resources: Mapping[str, Planned]) -> tuple[list[Entry], list[Entry]]:
    """Violations, and warnings that the base has not; each once."""
    old = {_key(one) for one in before.violations} if before else set()
    every = sorted({one for one in after.violations if one.policy not in _IN_USE}, key=_key)
    denied = [_finding(one, resources) for one in every if one.level == "mandatory"]
    return denied, [_finding(one, resources) for one in every if one.level != "mandatory" and _key(one) not in old]


def _key(one: Violation) -> tuple[str, str, str, str]:
    return one.level, one.policy, one.urn, one.text


def _finding(one: Violation, resources: Mapping[str, Planned]) -> Entry:
    """The policy's own sentence about the object; what it says of itself in general is in docs/policies.md."""
    general, _, message = one.text.partition("\n")
    resource, text = resources.get(one.urn), message.strip() or general
    if resource is None or resource.kind == "Stack":
        return {"policy": one.policy, "object": "stack", "text": text}
    named, found, rest = text.partition(": ")
    if found and named.startswith(f"{resource.kind} "):  # as the policies call it
        return {"policy": one.policy, "object": named, "text": rest}
    return {"policy": one.policy, "object": resource.title, "text": text}


def exemptions(before: Settings | None, after: Settings, outcome: Outcome, today: datetime.date) -> list[Entry]:
    """Those that are new, gone or changed, that let something through, or that end soon or have ended."""
    old = {(one.rule, one.object): one for one in before.exemptions} if before else {}
    new = {(one.rule, one.object): one for one in after.exemptions}
    used = [one.text for one in outcome.violations if one.policy in _IN_USE]
    entries = [_exemption(old.get(key), one, used, today) for key, one in new.items()]
    entries += [{**_exemption(one, one, [], today), "change": "removed"} for key, one in old.items() if key not in new]
    return [one for one in entries if one["change"] != "same" or one["used"] == "yes" or one["days"] <= SOON_DAYS]


def _exemption(old: Exemption | None, new: Exemption, used: Sequence[str], today: datetime.date) -> Entry:
    told = f"{new.rule}: {new.object} until {new.expires}:"
    return {
        "policy": new.rule,
        "resource": new.object,
        "approver": new.approver,
        "until": new.expires,
        "days": (datetime.date.fromisoformat(new.expires) - today).days,
        "change": "added" if old is None else "same" if old == new else "changed",
        "used": "yes" if any(told in text for text in used) else "no",
    }


def notes(before: Outcome | None, after: Outcome) -> list[str]:
    """Warnings of the program and the engine that the base has not, each once; a list that got shorter is none."""
    old = _warnings(before) if before else []
    return [text for text in dict.fromkeys(_warnings(after)) if not any(_says(one, text) for one in old)]


def _says(old: str, new: str) -> bool:
    """Whether a warning is told already: the same text, or the same sentence about more things, `a: x, y, z`."""
    (head, _, things), (other, _, fewer) = old.rpartition(": "), new.rpartition(": ")
    return old == new or (head == other != "" and set(fewer.split(", ")) <= set(things.split(", ")))


def _warnings(outcome: Outcome) -> list[str]:
    found = (message.text.strip() for message in outcome.messages if message.severity == "warning")
    return [text for text in found if not text.startswith("pods restart: ")]
