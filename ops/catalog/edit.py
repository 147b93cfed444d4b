"""Edits of entries in catalog files, as text: comments, order and every other byte stay as they are.

Guaranteed: an edit is planned first and written later. A plan is made only when the new text, read as YAML, differs
from the old in exactly what was asked for; it is written only when the whole catalog with it has no fault. Writing a
file is one rename; it is refused when the file is no longer what the plan was made from.
"""

from __future__ import annotations

import copy
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.catalog import FILES, Catalog, load_catalog
from infra.faults import Fault, FaultsError
from infra.strict_yaml import YamlError, dump, parse
from ops.catalog.kinds import Kind
from ops.text_file import read_text, replace_text, writable_faults

Entry = dict[str, Any]

_EXAMPLE = "infra/catalog"


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Planned edits of the files in `folder`: texts by name, of the files that are edited alone."""

    folder: Path
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def catalog(self) -> Catalog:
        """What the catalog will be, read by the loader that previews use; raise FaultsError with all that is wrong."""
        try:
            with tempfile.TemporaryDirectory() as name:
                trial = Path(name)
                for file in FILES:
                    shutil.copyfile(self.folder / file, trial / file)
                for file, text in self.after.items():
                    (trial / file).write_text(text, encoding="utf-8", newline="")
                return load_catalog(trial)
        except OSError as error:
            rule = f"must hold the catalog's files, and a copy of them must fit the disk: {error.strerror}"
            fault = Fault(path=error.filename or "catalog", value=str(self.folder), rule=rule, example=_EXAMPLE)
            raise FaultsError("catalog", [fault]) from None

    def text(self, kind: Kind) -> str:
        """The text of a kind's file with the edits so far; raise FaultsError."""
        return self.after.get(kind.file) or _read(self.folder / kind.file)

    def edited(
        self, kind: Kind, ref: str, text: Callable[[list[str]], list[str]], change: Callable[[Entry], None]
    ) -> Edit:
        """This plan and one edit more: `text` makes it in the lines, `change` in the data. Raise FaultsError."""
        before = self.text(kind)
        ending = "\r\n" if "\r\n" in before else "\n"
        after = ending.join([*text(before.removesuffix(ending).split(ending)), ""])
        expected = copy.deepcopy(parse(before))
        change(expected)
        try:
            found = parse(after)
        except YamlError:
            found = None
        if found != expected or list(found[kind.key]) != list(expected[kind.key]):
            path = self.folder / kind.file
            rule = f"is not laid out so that {ref} can be edited alone: edit it by hand"
            raise FaultsError("catalog", [Fault(path=path.name, value=str(path), rule=rule, example=_EXAMPLE)])
        return Edit(
            folder=self.folder,
            before={kind.file: before, **self.before},
            after={**self.after, kind.file: after},
        )


def read_entry(folder: Path, kind: Kind, ref: str) -> Entry:
    """The entry as its file has it; `ref` must be in the catalog."""
    entry: Entry = parse(_read(folder / kind.file))[kind.key][ref]
    return entry


def add_entry(plan: Edit, kind: Kind, ref: str, entry: Mapping[str, Any]) -> Edit:
    """Plan a new entry at the end of its file; raise FaultsError, also when there is one of that name."""
    if ref in (parse(plan.text(kind)) or {}).get(kind.key, {}):
        rule = f"is in {kind.file} already: an entry never changes, other content has a new name"
        raise FaultsError("catalog", [Fault(path="NAME", value=ref, rule=rule, example=kind.example)])

    def change(data: Entry) -> None:
        data[kind.key][ref] = dict(entry)

    def text(lines: list[str]) -> list[str]:
        head = f"{kind.key}:"
        kept = [head if line.split("#")[0].rstrip() == f"{head} {{}}" else line for line in lines]
        return kept + _dumped({ref: entry}, 2)

    return plan.edited(kind, ref, text, change)


def change_entry(plan: Edit, kind: Kind, ref: str, *, state: str, key: str, value: Mapping[str, Any]) -> Edit:
    """Plan a new state of an entry, with `key: value` beside it: appended where `key` is a list. Raise FaultsError."""
    listed = key == "approvals"

    def change(data: Entry) -> None:
        entry = data[kind.key][ref]
        entry["state"] = state
        entry[key] = [*entry.get(key, []), dict(value)] if listed else dict(value)

    def text(lines: list[str]) -> list[str]:
        start, end = _block(lines, ref)
        block = [re.sub(r"^(    state: *)[a-z]+", rf"\g<1>{state}", line) for line in lines[start:end]]
        block = [line for line in block if not (listed and line == f"    {key}: []")]
        if listed and f"    {key}:" in block:
            at = block.index(f"    {key}:") + 1
            while at < len(block) and re.match("    (-| )", block[at]):
                at += 1
            block[at:at] = _dumped([value], 4)
        else:
            block += _dumped({key: [dict(value)] if listed else dict(value)}, 4)
        return lines[:start] + block + lines[end:]

    return plan.edited(kind, ref, text, change)


def add_keys(plan: Edit, kind: Kind, ref: str, new: Mapping[str, Any]) -> Edit:
    """Plan keys that an entry does not have, at its end; raise FaultsError."""

    def change(data: Entry) -> None:
        data[kind.key][ref].update(new)

    def text(lines: list[str]) -> list[str]:
        _, end = _block(lines, ref)
        return [*lines[:end], *_dumped(dict(new), 4), *lines[end:]]

    return plan.edited(kind, ref, text, change)


def add_file(plan: Edit, kind: Kind, ref: str, name: str, file: Mapping[str, Any]) -> Edit:
    """Plan one file more of an entry, behind its others; raise FaultsError.

    For a signature alone: it is over what the entry states already.
    """

    def change(data: Entry) -> None:
        data[kind.key][ref]["files"][name] = dict(file)

    def text(lines: list[str]) -> list[str]:
        start, end = _block(lines, ref)
        heads = [number for number in range(start, end) if lines[number].split(" #")[0].rstrip() == "    files:"]
        at = heads[0] + 1 if heads else end
        while at < end and re.match(" {6}", lines[at]):
            at += 1
        return [*lines[:at], *_dumped({name: dict(file)}, 6), *lines[at:]]

    return plan.edited(kind, ref, text, change)


def mark_imported(plan: Edit, kind: Kind, ref: str) -> Edit:
    """Plan `imported: true` in an image's entry; raise FaultsError."""

    def change(data: Entry) -> None:
        data[kind.key][ref]["imported"] = True

    def text(lines: list[str]) -> list[str]:
        start, end = _block(lines, ref)
        block = [re.sub(r"^(    imported: *)false\b", r"\g<1>true", line) for line in lines[start:end]]
        return lines[:start] + block + lines[end:]

    return plan.edited(kind, ref, text, change)


def refuse_unwritable(plan: Edit) -> None:
    """Raise FaultsError when the plan could not be written: asked before anything is sent anywhere."""
    faults = writable_faults([plan.folder / name for name in plan.after], _EXAMPLE)
    if faults:
        raise FaultsError("catalog", faults)


def as_text(kind: Kind, entries: Mapping[str, Mapping[str, Any]]) -> str:
    """Entries by reference as they stand in their file, with the file's key above them."""
    return "".join(f"{line}\n" for line in [f"{kind.key}:", *_dumped(dict(entries), 2)])


def write(plan: Edit) -> None:
    """Put the new texts in place, each by one rename.

    Raise FaultsError when the catalog would not be accepted, or a file has changed or cannot be written.
    """
    _ = plan.catalog
    for name, after in plan.after.items():
        replace_text(plan.folder / name, plan.before[name], after, "catalog", _EXAMPLE)


def _block(lines: list[str], ref: str) -> tuple[int, int]:
    """First line of an entry and the one behind its last; comments above the next entry belong to that one."""
    heads = (f"  {ref}:", f'  "{ref}":', f"  '{ref}':")
    start = next((number for number, line in enumerate(lines) if line.split(" #")[0].rstrip() in heads), len(lines))
    end = start + 1
    while end < len(lines) and (lines[end].startswith("   ") or not lines[end].strip() or _comment(lines[end])):
        end += 1
    while end > start + 1 and (not lines[end - 1].strip() or _comment(lines[end - 1])):
        end -= 1
    return start, min(end, len(lines))


def _comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _dumped(value: object, indent: int) -> list[str]:
    """A value as the lines of the catalog: block style, keys in the order given, one line a text."""
    text = dump(value)
    return [f"{' ' * indent}{line}" if line else "" for line in text.removesuffix("\n").split("\n")]


def _read(path: Path) -> str:
    return read_text(path, "catalog", _EXAMPLE)
