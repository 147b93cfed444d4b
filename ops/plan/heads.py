"""The head of one environment: the sections of the report in their order, a line each, and only what changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ops.plan.report import DENIED, FAILED, NEEDS_APPROVAL, NO_CHANGES, OPERATIONS, Entry, Environment
from ops.plan.style import Style, shortened

_FEW, _MANY, _MOST = 2, 3, 8
NOTHING = "nothing to take back"
SOON_DAYS = 14
"""As many days before its end an exemption is in the head."""


def environment(one: Environment, style: Style) -> list[str]:
    """The lines, the verdict first."""
    name = style.text(one.name)
    if one.verdict == NO_CHANGES:
        lines = [f"{style.strong(f'{name}: no changes')}; {style.text(str(one.compared['text']))}"]
        return [*lines, *([f"- drift: {style.text(one.drift['text'])}"] if one.drift else [])]
    lines = [style.strong(f"{name}: {one.verdict}{_whom(one, style)}")]
    if one.verdict == FAILED:
        lines += [f"- {style.text(shortened(line))}" for line in one.errors[:_MANY]]
    else:
        lines[0] += f"; {_counts(one)}"
        lines += [f"- {line}" for line in _lines(one, style)]
    lost = "; what is lost does not come back" if any(entry["data"] for entry in one.red) else ""
    back = one.next["back"]
    way = "takes it back" if back == NOTHING else "takes it back, by a pull request"
    return [*lines, f"- next: {style.code(one.next['command'])}; {way}: {style.code(back)}{lost}"]


def adapter(entry: Entry) -> str:
    """Return such as `+ faq/v2`, `- faq/v1`, `faq v1 -> v2`."""
    if entry["change"] == "added":
        return f"+ {entry['name']}/{entry['version']}"
    if entry["change"] == "removed":
        return f"- {entry['name']}/{entry['before']}"
    if entry["before"] == entry["version"]:
        return f"{entry['name']}/{entry['version']}: another entry in the catalog"
    return f"{entry['name']} {entry['before']} -> {entry['version']}"


def pods(entry: Entry) -> str:
    """What becomes of a kitchen's pods, and for how long it is away."""
    words = {"stay": "", "hot": "hot", "restart": "pods restart", "start": "new", "end": "removed"}
    said = words[entry["pods"]]
    manner = f" ({entry['manner'].partition(':')[0]})" if entry["manner"] else ""
    away = "" if entry["pods"] == "stay" else f", {entry['away']}"
    return f"{said}{manner}{away}"


def _whom(one: Environment, style: Style) -> str:
    if one.verdict != NEEDS_APPROVAL:
        return ""
    return f" of {style.text(', '.join(one.approvals))}"


def _counts(one: Environment) -> str:
    """Every operation that there is, with its exact number, and what stays."""
    told = [f"{one.counts[name]} to {name}" for name in OPERATIONS if one.counts[name]]
    stay = f"; {one.counts['same']} stay" if one.counts["same"] else ""
    return f"{', '.join(told) or 'no object changes'}{stay}"


def _lines(one: Environment, style: Style) -> Iterator[str]:
    if one.verdict == DENIED:
        yield from _some(
            [f"{style.strong('denied')}: {style.text(shortened(_short(line)))}" for line in _denials(one)], _MANY
        )
    elif one.reasons:
        yield f"why: {style.text(shortened('; '.join(one.reasons), 400))}"
    yield from _some(_kitchens(one.kitchens, style), _MANY)
    yield from _capacity(one, style)
    yield from _access(one, style)
    yield from _some([_image(entry, style) for entry in one.images], _FEW)
    yield from _red(one.red, style)
    yield from _policies(one, style)
    if one.drift is not None:
        yield f"drift: {style.text(one.drift['text'])}"
    open_ones = [line for line in one.unknown if not line.startswith("not compared: secret")]
    if open_ones:
        yield f"not known: {style.text(shortened('; '.join(open_ones[:_FEW])))}{_more(open_ones, _FEW)}"
    told = "" if one.verdict == DENIED else " ".join(one.reasons)
    if notes := [line for line in one.notes if line not in told]:
        yield f"also: {style.text(shortened('; '.join(notes[:_MANY])))}{_more(notes, _MANY)}"


def _denials(one: Environment) -> Sequence[str]:
    """What it is denied for; who would have to approve it comes later."""
    number = len(one.policy["violations"])
    kept = [line for line in one.reasons[number:] if line.endswith("refuses to delete it")]
    return [*one.reasons[:number], *kept]


def _short(denial: str) -> str:
    """A violation without the rule in words, which the details have."""
    return denial.partition("; rule: ")[0]


def _kitchens(entries: Sequence[Entry], style: Style) -> list[str]:
    """A line for each change, with every kitchen that has it."""
    names: dict[str, list[str]] = {}
    for entry in entries:
        parts = [pods(entry), ", ".join(map(adapter, entry["adapters"][:_MANY])) + _more(entry["adapters"], _MANY)]
        parts.append("; ".join(entry["settings"][:_MANY]) + _more(entry["settings"], _MANY))
        names.setdefault("; ".join(filter(None, parts)), []).append(entry["name"])
    return [
        f"{'kitchens' if len(who) > 1 else 'kitchen'} {style.text(', '.join(who[:_MOST]))}{_more(who, _MOST)}: "
        f"{style.text(said)}"
        for said, who in names.items()
    ]


def _capacity(one: Environment, style: Style) -> Iterator[str]:
    gpus = one.gpus
    parts = [_changed(f"{entry['tenant']}", entry, "quota") for entry in gpus["tenants"]]
    parts += [_changed(f"pool {entry['pool']}", entry, "size") for entry in gpus["pools"]]
    parts += [f"memory of {entry['kitchen']} {_arrow(entry['before'], entry['after'])} ({entry['verdict']})"
              for entry in gpus["memory"] if entry["before"]]  # fmt: skip
    parts += [f"cost a month {_arrow(entry['before'], entry['after'])} {entry['currency']}" for entry in gpus["cost"]]
    if parts:
        yield f"GPUs: {style.text('; '.join(parts[: 2 * _MANY]))}{_more(parts, 2 * _MANY)}"


def _changed(name: str, entry: Entry, size: str) -> str:
    """Return such as `helpdesk 2 -> 3 of 3` or `pool l40s 3 of 8 -> 4 of 8`."""
    old, new = (entry[f"{size}{side}"] for side in ("Before", "After"))
    used = f"{entry['before']}" if entry["before"] == entry["after"] else f"{entry['before']} -> {entry['after']}"
    return f"{name} {used} of {new}" if old == new else f"{name} {used}, {size} {old} -> {new}"


def _access(one: Environment, style: Style) -> Iterator[str]:
    """A part for each group, and for each change of limits with everybody whom it concerns."""
    groups: dict[tuple[str, str], list[str]] = {}
    limits: dict[str, list[str]] = {}
    told = []
    for entry in one.access:
        who, what = entry["who"], entry["what"]
        if entry["change"] in ("gains", "loses"):
            groups.setdefault((who, f"{entry['change']} {{}}"), []).append(what)
        elif entry["change"] == "role":
            groups.setdefault((who, f"{'gets' if entry['after'] else 'loses'} the role {{}}"), []).append(what)
        elif entry["change"] == "limits":
            limits.setdefault(_arrow(entry["before"], entry["after"]), []).append(f"{who} for {what}")
        else:
            told.append(f"{who}, {what}: {_arrow(entry['before'], entry['after'])}")
    every = [f"{who} {words.format(_list(what))}" for (who, words), what in groups.items()]
    every += [f"{change} for {_list(whom)}" for change, whom in limits.items()] + told
    if every:
        yield f"access: {style.text('; '.join(every[:_MANY]))}{_more(every, _MANY)}"


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:_MANY]) + _more(names, _MANY)


def _image(entry: Entry, style: Style) -> str:
    sides = [
        f"{entry[f'version{side}']} {entry[key][:19]}".strip()
        for side, key in (("Before", "before"), ("After", "after"))
    ]
    return f"image {style.text(entry['name'])}: {style.text(_arrow(*sides))}"


def _red(entries: Sequence[Entry], style: Style) -> Iterator[str]:
    """Data object by object, keys together."""
    lines = []
    for entry in entries:
        if entry["data"]:
            word = style.strong(f"RED: {entry['operation']}s")
            lines.append(f"{word} {style.text(entry['object'])}, {style.text(entry['why'])}")
    yield from _some(lines, _MANY)
    keys: dict[str, list[str]] = {}
    for entry in entries:
        if not entry["data"]:
            keys.setdefault(entry["operation"], []).append(entry["object"])
    for operation, names in keys.items():
        head = style.strong(f"RED: {operation}s {len(names)} {'key' if len(names) == 1 else 'keys'}")
        yield f"{head}: {style.text(', '.join(names[:_FEW]))}{_more(names, _FEW)}"


def _policies(one: Environment, style: Style) -> Iterator[str]:
    warnings = [f"{entry['policy']}: {entry['object']}" for entry in one.policy["warnings"]]
    if warnings:
        yield f"to consider: {style.text('; '.join(warnings[:_FEW]))}{_more(warnings, _FEW)}"
    told = [entry for entry in one.policy["exemptions"] if entry["change"] != "same" or entry["days"] <= SOON_DAYS]
    if told:
        yield f"exemptions: {style.text('; '.join(map(exemption, told[:_FEW])))}{_more(told, _FEW)}"


def exemption(entry: Entry) -> str:
    """One exemption with its last day."""
    ends = f"ends in {entry['days']} days" if entry["days"] >= 0 else "has ended"
    change = "" if entry["change"] == "same" else f"{entry['change']}, "
    used = ", used" if entry["used"] == "yes" else ""
    return f"{entry['policy']} for {entry['resource']}: {change}last day {entry['until']} ({ends}){used}"


def _arrow(before: str, after: str) -> str:
    return f"{before or 'none'} -> {after or 'none'}"


def _more(entries: Sequence[object], most: int) -> str:
    return f" and {len(entries) - most} more" if len(entries) > most else ""


def _some(lines: Sequence[str], most: int) -> list[str]:
    """The first of them, and a count of the others."""
    return [*lines[:most], *([f"and {len(lines) - most} more of these below"] if len(lines) > most else [])]
