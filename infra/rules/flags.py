"""vLLM's flags, and what `runtime.extraArgs` may hold of them.

They are data of the catalog, `infra/catalog/server-flags.json`: the policy pack reads the same file, so that what the
settings refuse the pack refuses too. A flag that is not in it is refused: nobody has said what it opens.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[1] / "catalog" / "server-flags.json"

_DATA: dict[str, Any] = json.loads(FILE.read_text())

VERSION: str = _DATA["version"]
"""The version of vLLM whose flags they are."""

ENTRIES: dict[str, dict[str, Any]] = _DATA["flags"]
"""What the list says of each flag, by its whole name."""

OWNED: dict[str, str] = {name: entry["setting"] for name, entry in _DATA["flags"].items() if "setting" in entry}
"""Flags that a setting says; its path in the kitchen."""

CLOSED: dict[str, str] = {name: entry["closed"] for name, entry in _DATA["flags"].items() if "closed" in entry}
"""Flags that open or break something; the reason."""

KNOWN = frozenset(_DATA["flags"])
"""Every flag that is known, by its whole name without dashes in front."""
