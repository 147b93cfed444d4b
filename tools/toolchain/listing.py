"""Tables for a person, or JSON: what is installed, and where each family would come from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tools.toolchain import cache, mirror, official
from tools.toolchain.families import FAMILIES
from tools.toolchain.family import Family
from tools.toolchain.files import RemoteFile
from tools.toolchain.found import damaged, look_up

_INDENT = " " * 31


def installed(names: Sequence[str], *, as_json: bool) -> tuple[str, list[str], bool]:
    """Return the table of what is there, every file read whole; messages on damage; and whether all is ready."""
    rows, complaints = [], []
    for name in names:
        found = look_up(name, thorough=True)
        if found is not None and found.damage:
            complaints.append(str(damaged(name, found.damage)))
        rows.append(
            {
                "family": name,
                "state": "missing" if found is None else "damaged" if found.damage else "ready",
                "version": found.version if found else FAMILIES[name].version,
                "source": found.source if found else "-",
                "sums": _sums(name, found.source if found else "-"),
                "folder": str(found.folder) if found else "-",
            }
        )
    is_ready = all(row["state"] == "ready" for row in rows)
    if as_json:
        return json.dumps(rows, indent=2), complaints, is_ready
    line = "{family:<20} {state:<8} {version:<11} {source:<9} {sums:<12} {folder}"
    return "\n".join(line.format(**row) for row in [{key: key.upper() for key in rows[0]}, *rows]), complaints, is_ready


def _sums(name: str, source: str) -> str:
    """Say whether a family's files are compared with sums of the day when they were installed."""
    if source in ("-", "path"):
        return "-"
    receipt = cache.receipt(FAMILIES[name]) or {}
    return "compared" if isinstance(receipt.get("files"), dict) else "not recorded"


def sources(names: Sequence[str], *, as_json: bool) -> str:
    """Return for each family what would be fetched from where, with its sum and who states it, or why it is built.

    No network is asked. Raises ToolchainError for a file or switch out of form.
    """
    closed, named, records = official.asked(), mirror.archives(), official.on_record()
    rows = [_row(FAMILIES[name], named.get(name, ()), records[name]) for name in names]
    if as_json:
        return json.dumps({"official hosts": closed or "asked", "families": rows}, indent=2)
    lines = [
        f"official hosts: {f'not asked ({closed})' if closed else 'asked'}",
        f"{'FAMILY':<30} SOURCE, WHAT IS FETCHED, ITS SUM AND WHERE THAT IS ON RECORD",
    ]
    for row in rows:
        lines += _lines(row, built_for=f"official hosts are not asked: {closed}" if closed else "")
    return "\n".join(lines)


def _row(family: Family, named: Sequence[RemoteFile], recorded: official.Official) -> dict[str, Any]:
    source = "mirror" if named else "official" if recorded.files else "build"
    documents = [[str(record) for record in records] for records in recorded.records]
    if named:
        documents = [[str(mirror.mirror_file())] for _ in named]
    files = [
        {"url": file.url, "algorithm": file.algorithm, "sum": file.digest, "on record": where}
        for file, where in zip(named or recorded.files, documents, strict=True)
    ]
    modules = "copied from Go modules, sums in tools/toolchain/crds.py"
    if family.binaries:
        modules = f"built from tools/go/{family.name}, sums in its go.sum"
    return {
        "family": family.name,
        "version": family.version,
        "source": source,
        "files": files,
        "built": recorded.built if source == "build" else "",
        "modules": modules,
    }


def _lines(row: dict[str, Any], built_for: str) -> list[str]:
    title = f"{row['family']} {row['version']}"
    if row["source"] == "build":
        return [f"{title:<30} {row['modules']}", f"{_INDENT}{row['built']}"]
    lines = [f"{title:<30} {row['source']}"]
    if row["source"] == "official" and built_for:
        lines = [f"{title:<30} {row['modules']}", f"{_INDENT}{built_for}; they have:"]
    for file in row["files"]:
        lines += [f"{_INDENT}{file['url']}", f"{_INDENT}  {file['algorithm']} {file['sum']}"]
        lines += [f"{_INDENT}  in {where}" for where in file["on record"]]
    return lines
