"""`lint`: what is wrong with artifacts, as lines or as JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from infra.catalog import load_catalog
from infra.faults import MISSING, MOST_FAULTS, Fault, FaultsError, printable
from infra.load import settings_from_file
from infra.payload.verify_signature import SIGNATURE
from infra.signers import signers_for
from ops.catalog.kinds import Kind
from ops.checks import in_order, read_artifact
from ops.checks.signature import signature_faults

Found = dict[Path, tuple[list[Fault], list[str]]]
"""Faults and notes of each folder."""


def lint(
    folder: Path,
    kind: Kind,
    artifacts: Sequence[Path],
    *,
    ref: str | None,
    stand_in: bool,
    own_tokenizer: bool,
    templates: Collection[str] = (),
    settings: Path | None,
    as_json: bool,
    every: bool = False,
) -> int:
    """Print the faults of each artifact's folder; 0 when there are none, else 1. Raise FaultsError for bad input.

    With the `settings` of an environment, its signers must have signed the files. Of many faults the first are shown,
    unless `every` one is asked for; JSON has them all.
    """
    faults = [
        Fault(path="FOLDER", value=str(path), rule="must be a folder with an artifact's files", example="menu/")
        for path in artifacts
        if not path.is_dir()
    ]
    if ref is not None and len(artifacts) != 1:
        rule = "names one artifact: give one folder with it"
        faults.append(Fault(path="--name", value=ref, rule=rule, example=f"lint FOLDER --name {kind.example}"))
    catalog = load_catalog(folder)
    known = kind.entries(catalog)
    if ref is not None and ref not in known:
        rule = f"must be in {kind.file}: {', '.join(known)}; leave it out for what has no entry yet"
        faults.append(Fault(path="--name", value=ref, rule=rule, example=f"--name {next(iter(known), kind.example)}"))
    if faults:
        raise FaultsError("lint", faults)
    stated = settings_from_file(settings, catalog) if settings is not None else None
    options: dict[str, Any] = {"stand_in": stand_in, "own_tokenizer": own_tokenizer, "templates": templates}
    found: Found = {}
    for path in artifacts:
        content, told = read_artifact(kind.artifact, ref or "", path, catalog, **options)
        signed = SIGNATURE in content.sizes
        signers = () if stated is None else signers_for(stated, kind.key, ref or "", signed=signed)
        more = signature_faults(path, content, signers, word=kind.word, fresh=ref is None)
        found[path] = in_order([*told, *more]), content.notes
    print(
        json.dumps([_as_json(path, ref, *told) for path, told in found.items()], indent=2)
        if as_json
        else _text(found, every=every)
    )
    return 1 if any(told for told, _ in found.values()) else 0


def _text(found: Found, *, every: bool) -> str:
    lines = []
    for path, (faults, notes) in found.items():
        lines.append(
            f"{printable(str(path))}: {'fine' if not faults else f'{len(faults)} fault' + 's' * (len(faults) > 1)}"
        )
        shown = faults if every else faults[:MOST_FAULTS]
        lines += [f"  {fault}" for fault in shown]
        lines += [f"  and {len(faults) - len(shown)} more; --all shows them"] if len(shown) < len(faults) else []
        lines += [printable(f"  note: {note}") for note in notes]
    return "\n".join(lines)


def _as_json(path: Path, ref: str | None, faults: Sequence[Fault], notes: Sequence[str]) -> dict[str, Any]:
    told = [
        {
            "path": fault.path,
            "value": None if fault.value is MISSING else fault.value,
            "missing": fault.value is MISSING,
            "rule": fault.rule,
            "example": fault.example,
        }
        for fault in faults
    ]
    return {"folder": str(path), "name": ref, "fine": not faults, "faults": told, "notes": list(notes)}
