"""Reports of plans as `kitchen plan --out` writes them, with what a test says of them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ops.plan.report import SAFE, Environment, Report


def change(operation: str = "update", kind: str = "InferenceService", namespace: str = "sales-dev",
           name: str = "summary", properties: tuple[str, ...] = ("metadata.labels",)) -> dict[str, Any]:  # fmt: skip
    """One entry of `changes`."""
    return {"operation": operation, "kind": kind, "namespace": namespace, "name": name, "of": "kitchen summary",
            "properties": sorted(properties)}  # fmt: skip


def digest(word: str) -> str:
    return f"sha256:{hashlib.sha256(word.encode()).hexdigest()}"


def environment(name: str = "dev", **fields: Any) -> Environment:
    counts = {"create": 0, "update": 0, "replace": 0, "delete": 0, "same": 98}
    for one in fields.get("changes", ()):
        counts[one["operation"]] += 1
    made = {
        "name": name,
        "verdict": SAFE,
        "compared": {"kind": "base", "base": "c" * 40, "text": "compared with its base"},
        "next": {"command": f"make deliver STACK={name}", "back": "git revert aaaaaaaaaaaa"},
        "digest": digest(name),
        "counts": counts,
    }
    return Environment(**{**made, **fields})


def write(folder: Path, *environments: Environment, commit: str | None = "a" * 40, text: str = "# Plan\n") -> Path:
    """A folder with `report.json` and `report.md`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(Report(environments=environments, commit=commit).as_json())
    (folder / "report.md").write_text(text)
    return folder
