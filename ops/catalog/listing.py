"""`list`: the catalog's entries as a table or as JSON, with who uses each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from infra.catalog import Adapter, BaseModel, Catalog, Image, load_catalog
from infra.faults import printable
from ops.catalog.kinds import Kind
from ops.catalog.revalidation import to_validate_again
from ops.catalog.usage import used_by

Row = dict[str, str | int | list[str]]


def show(folder: Path, kind: Kind, *, stacks: Path, state: str | None, check: bool, as_json: bool) -> None:
    """Print the entries in `state`, or all; with `check` those only that must be evaluated again."""
    catalog = load_catalog(folder)
    users = used_by(stacks, kind)
    again = to_validate_again(catalog)
    rows = [
        _row(entry, users.get(ref, []), catalog, again)
        for ref, entry in kind.entries(catalog).items()
        if state in (None, entry.state)
    ]
    if check:
        rows = [row for row in rows if row["validate again"]]
    print(json.dumps(rows, indent=2) if as_json else _table(rows))


def _row(entry: Adapter | BaseModel | Image, users: Sequence[str], catalog: Catalog, again: dict[str, str]) -> Row:
    last = entry.approvals[-1] if entry.approvals else None
    row: Row = {"name": entry.name, "version": entry.version if not isinstance(entry, BaseModel) else ""}
    if isinstance(entry, BaseModel):
        row["version"] = entry.ref.split("/")[1]
        adapters = [ref for ref in again if catalog.adapters[ref].base_model == entry.ref]
        row["validate again"] = adapters
    elif isinstance(entry, Adapter):
        row |= {"base model": entry.base_model, "rank": entry.rank}
        row["validate again"] = f"on {again[entry.ref]}" if entry.ref in again else ""
    else:
        row["validate again"] = ""
    return row | {
        "state": entry.state,
        "evaluation": last.evaluation if last else "",
        "approver": last.by if last else "",
        "used by": list(users),
    }


def _table(rows: Sequence[Row]) -> str:
    if not rows:
        return "(none)"
    columns = [name for name in rows[0] if name in ("name", "state") or any(row[name] for row in rows)]
    texts = [[_cell(row[name]) for name in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *texts, strict=True)]
    lines = [columns, *texts]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _cell(value: str | int | list[str]) -> str:
    return printable(", ".join(value) if isinstance(value, list) else str(value))
