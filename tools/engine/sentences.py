"""What a run changes, in a sentence a kitchen, tenant or bucket. What is dangerous is named, one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from tools.engine.change import CREATE, DELETE, REPLACE, UPDATE, Change
from tools.engine.outcome import Outcome
from tools.engine.owners import COUNTED, Owner, owners
from tools.engine.restarts import Restart, restarts
from tools.engine.words import counted, some, wrapped

_DONE = {CREATE: "made", UPDATE: "updated", REPLACE: "replaced", DELETE: "deleted"}
_OPEN = {CREATE: "to make", UPDATE: "to update", REPLACE: "to replace", DELETE: "to delete"}
_WILL = {CREATE: "makes", UPDATE: "updates", REPLACE: "replaces", DELETE: "deletes"}
_OTHER = {"read": "read", "refresh": "compared", "import": "imported"}
_FEW_VALUES = 3


def headline(outcome: Outcome, *, planned: bool) -> str:
    """One line: `101 objects to make: 2 tenants, 2 kitchens, 5 buckets`, or `nothing changes: 101 objects ...`."""
    words = _OPEN if planned else _DONE
    changes = outcome.object_changes()
    if not changes:
        same = sum(change.is_object for change in outcome.started)
        return f"nothing {'changes' if planned else 'changed'}: {counted(same, 'object')} as declared"
    count = Counter(change.operation for change in changes)
    parts = [
        f"{number} {words.get(operation) or _OTHER.get(operation, operation)}" for operation, number in _in_order(count)
    ]
    if len(parts) == 1:
        number, _, what = parts[0].partition(" ")
        head = f"{counted(int(number), 'object')} {what}"
    else:
        head = f"{counted(len(changes), 'object')}: {', '.join(parts)}"
    whole = Counter(COUNTED[change.kind] for change in outcome.changes()
                    if change.operation == CREATE and change.kind in COUNTED)  # fmt: skip
    if not whole:
        return head
    made = ", ".join(counted(number, word) for word, number in sorted(whole.items(), key=lambda e: _place(e[0])))
    return f"{head}: {made}" if len(parts) == 1 else f"{head}; new: {made}"


def sentences(outcome: Outcome, *, planned: bool, before: Outcome | None = None) -> list[str]:
    """Lines of what changes, without those that are made with their whole kitchen, tenant or bucket.

    Pods that restart are known to a preview alone: `before` is the preview of an update.
    """
    owner_of = owners(outcome.started)
    groups: dict[Owner, list[Change]] = defaultdict(list)
    for change in outcome.changes():
        groups[owner_of[change.urn]].append(change)
    told = {restart.kitchen: restart for restart in restarts(before or outcome)}
    by_text: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (word, name), changes in sorted(groups.items(), key=lambda entry: (_place(entry[0][0]), entry[0])):
        text = _sentence(changes, told.pop(name, None) if word == "kitchen" else None, planned=planned)
        if text:
            by_text[word, text].append(name)
    lines = [line for (word, text), names in by_text.items() for line in wrapped(f"{_named(word, names)}: {text}")]
    lines += [line for restart in told.values() for line in wrapped(f"{restart.where}: {restart}")]
    return [*lines, *access(outcome, planned=planned), *shares(outcome, planned=planned)]


def access(outcome: Outcome, *, planned: bool) -> list[str]:
    """A line for each group that gains or loses models at the entry; none where the entry itself comes."""
    gained: dict[str, list[str]] = defaultdict(list)
    lost: dict[str, list[str]] = defaultdict(list)
    for change in outcome.object_changes():
        if change.callers is not None and change.operation in (UPDATE, REPLACE):
            before, after = change.callers
            for model, group in sorted(after - before):
                gained[group].append(model)
            for model, group in sorted(before - after):
                lost[group].append(model)
    words = ("may call", "may no longer call") if planned else ("now may call", "no longer may call")
    found = ((group, word, models) for word, table in zip(words, (gained, lost), strict=True)
             for group, models in table.items())  # fmt: skip
    return [line for group, word, models in sorted(found) for line in wrapped(f"{group}: {word} {', '.join(models)}")]


def shares(outcome: Outcome, *, planned: bool) -> list[str]:
    """A line for the servers of each kitchen whose tenants get another part of its calls at once."""
    found: dict[str, list[str]] = defaultdict(list)
    for change in outcome.object_changes():
        before, after = change.shares if change.operation in (CREATE, UPDATE, REPLACE) else ({}, {})
        for server, tenant in sorted({**before, **after}):
            old, new = before.get((server, tenant)), after.get((server, tenant))
            if old != new:
                told = str(new) if old is None else f"{old} -> {'no bound' if new is None else new}"
                found[server].append(f"{tenant} {told}")
    word = "calls at once will be" if planned else "calls at once are"
    lines = (f"{server}: {word} {', '.join(parts)}" for server, parts in sorted(found.items()))
    return [line for text in lines for line in wrapped(text)]


def dangers(outcome: Outcome, *, planned: bool) -> list[str]:
    """Every object that is deleted or replaced, by name: what holds data first, and why one is replaced.

    Objects of a kind and namespace share a line; nothing is left out.
    """
    words = _WILL if planned else _DONE
    found = [change for change in outcome.object_changes() if change.operation in (DELETE, REPLACE)]
    found.sort(key=lambda change: (not change.holds_data, change.operation, str(change)))
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for change in found:
        groups[f"{words[change.operation]}: {change.head}", _why(change)].append(change.called or change.name)
    return [line for (head, why), names in groups.items() for line in wrapped(f"{head}{', '.join(names)}{why}")]


def _why(change: Change) -> str:
    data = ", with the data in it" if change.holds_data else ""
    return f"{data} (another {some(change.keys, _FEW_VALUES)})" if change.operation == REPLACE and change.keys else data


def kinds(changes: Iterable[Change]) -> str:
    """Return such as `24 Role, 5 S3Bucket, Secret`, the most first."""
    count = Counter(change.kind for change in changes if change.is_object)
    ordered = sorted(count.items(), key=lambda entry: (-entry[1], entry[0]))
    return ", ".join(f"{number} {kind}" if number > 1 else kind for kind, number in ordered)


def adapter_changes(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """What becomes of a list of `<name>/<version>`: `+ new/v1`, `- old/v1`, `name v1 -> v2`."""
    old, new = ({ref.partition("/")[0]: ref.partition("/")[2] for ref in refs} for refs in (before, after))
    moved = [f"{name} {old[name]} -> {new[name]}" for name in new if name in old and old[name] != new[name]]
    return [
        *(f"+ {name}/{new[name]}" for name in new if name not in old),
        *moved,
        *(f"- {name}/{old[name]}" for name in old if name not in new),
    ]


def _sentence(changes: Sequence[Change], restart: Restart | None, *, planned: bool) -> str:
    """What becomes of one owner; empty for one that is made as a whole, which the headline counts."""
    words = _WILL if planned else _DONE
    things = [change for change in changes if change.is_object]
    operations = Counter(change.operation for change in things)
    if _is_whole(changes, CREATE) or [change.operation for change in changes] == [CREATE]:
        return ""
    if _is_whole(changes, DELETE):
        return f"{_OPEN[DELETE] if planned else _DONE[DELETE]} as a whole ({counted(len(things), 'object')})"
    parts = [*_adapter_part(things), *([str(restart)] if restart else []), *_value_part(things)]
    parts += [f"{words.get(operation, operation)} {kinds(c for c in things if c.operation == operation)}"
              for operation, _ in _in_order(operations)]  # fmt: skip
    return "; ".join(parts)


def _is_whole(changes: Sequence[Change], operation: str) -> bool:
    return all(change.operation == operation for change in changes) and not all(c.is_object for c in changes)


def _adapter_part(changes: Sequence[Change]) -> list[str]:
    found = [entry for change in changes if change.adapters and change.operation in (UPDATE, REPLACE)
             for entry in adapter_changes(*change.adapters)]  # fmt: skip
    return [f"adapters {', '.join(dict.fromkeys(found))}"] if found else []


def _value_part(changes: Sequence[Change]) -> list[str]:
    found = {f"{_short(key)} {old} -> {new}": None for change in changes for key, (old, new) in change.values.items()
             if change.operation == UPDATE and not _is_sum(old, new)}  # fmt: skip
    return [some(found, _FEW_VALUES)] if found else []


def _short(key: str) -> str:
    """The end of a property's path, without the project's own domain."""
    if key.endswith('"]'):
        return key[:-2].rpartition('["')[2].rpartition("/")[2]
    return key.rpartition(".")[2]


def _is_sum(*values: str) -> bool:
    """Whether it is a checksum or a name that ends in one: that says nothing to anybody."""
    return any(len(value) >= 10 and set(value[-10:]) <= set("0123456789abcdef") for value in values)


def _named(word: str, names: Sequence[str]) -> str:
    return f"{word} {names[0]}" if len(names) == 1 else f"{counted(len(names), word)} ({some(names)})"


def _place(word: str) -> int:
    order = ("tenant", "kitchen", "bucket", "base model")
    return order.index(word) if word in order else len(order)


def _in_order(count: Counter[str]) -> list[tuple[str, int]]:
    order = list(_DONE)
    return sorted(count.items(), key=lambda entry: order.index(entry[0]) if entry[0] in order else len(order))
