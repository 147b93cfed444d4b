"""Edits of one entry in a catalog file, as text: comments, order and every other byte stay as they are.

Guaranteed: an edit is planned first and written later. A plan is made only when the new text, read as YAML, differs
from the old in exactly what was asked for, and when the whole catalog with it has no fault. Writing is one rename; it
is refused when the file is no longer what the plan was made from.
"""

from __future__ import annotations

import copy
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.catalog import FILES, Catalog, load_catalog
from infra.faults import Fault, FaultsError
from ops.catalog.kinds import Kind
from ops.text_file import read_text, replace_text

Entry = dict[str, Any]

_EXAMPLE = "infra/catalog"


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A planned edit; `catalog` is what the catalog will be."""

    path: Path
    before: str
    after: str
    catalog: Catalog


def read_entry(folder: Path, kind: Kind, ref: str) -> Entry:
    """The entry as its file has it; `ref` must be in the catalog."""
    entry: Entry = yaml.safe_load(_read(folder / kind.file))[kind.key][ref]
    return entry


def add_entry(folder: Path, kind: Kind, ref: str, entry: Mapping[str, Any]) -> Edit:
    """Plan a new entry at the end of its file; raise FaultsError, also when there is one of that name."""
    if ref in (yaml.safe_load(_read(folder / kind.file)) or {}).get(kind.key, {}):
        rule = f"is in {kind.file} already: an entry never changes, other content has a new name"
        raise FaultsError("catalog", [Fault(path="NAME", value=ref, rule=rule, example=kind.example)])

    def change(data: Entry) -> None:
        data[kind.key][ref] = dict(entry)

    def text(lines: list[str]) -> list[str]:
        head = f"{kind.key}:"
        kept = [head if line.split("#")[0].rstrip() == f"{head} {{}}" else line for line in lines]
        return kept + _dumped({ref: entry}, 2)

    return _plan(folder, kind, ref, text, change)


def change_entry(folder: Path, kind: Kind, ref: str, *, state: str, key: str, value: Mapping[str, Any]) -> Edit:
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

    return _plan(folder, kind, ref, text, change)


def write(edit: Edit) -> None:
    """Put the new text in place by one rename; raise FaultsError when the file has changed or cannot be written."""
    replace_text(edit.path, edit.before, edit.after, "catalog", _EXAMPLE)


def _plan(
    folder: Path,
    kind: Kind,
    ref: str,
    text: Callable[[list[str]], list[str]],
    change: Callable[[Entry], None],
) -> Edit:
    path = folder / kind.file
    before = _read(path)
    ending = "\r\n" if "\r\n" in before else "\n"
    after = ending.join([*text(before.removesuffix(ending).split(ending)), ""])
    expected = copy.deepcopy(yaml.safe_load(before))
    change(expected)
    try:
        found = yaml.safe_load(after)
    except yaml.YAMLError:
        found = None
    if found != expected or list(found[kind.key]) != list(expected[kind.key]):
        raise _fault(path, f"is not laid out so that {ref} can be edited alone: edit it by hand")
    return Edit(path=path, before=before, after=after, catalog=catalog_with(folder, {kind.file: after}))


def catalog_with(folder: Path, texts: Mapping[str, str]) -> Catalog:
    """The catalog as it will be with these files, read by the loader that previews use; raise FaultsError with all."""
    with tempfile.TemporaryDirectory() as name:
        trial = Path(name)
        for file in FILES:
            shutil.copyfile(folder / file, trial / file)
        for file, text in texts.items():
            (trial / file).write_text(text, encoding="utf-8", newline="")
        return load_catalog(trial)


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
    text = yaml.safe_dump(value, sort_keys=False, default_flow_style=False, allow_unicode=True, width=10_000)
    return [f"{' ' * indent}{line}" for line in text.splitlines()]


def _read(path: Path) -> str:
    return read_text(path, "catalog", _EXAMPLE)


def _fault(path: Path, rule: str) -> FaultsError:
    return FaultsError("catalog", [Fault(path=path.name, value=str(path), rule=rule, example=_EXAMPLE)])
