"""vLLM's flags, and what `runtime.extraArgs` may hold of them.

They are data of the catalog, `infra/catalog/server-flags.json`: the policy pack reads the same file, so that what the
settings refuse the pack refuses too. A flag that is not in it is refused: nobody has said what it opens.
"""

from __future__ import annotations

from infra.flag_words import ENTRIES

OWNED: dict[str, str] = {name: str(entry["setting"]) for name, entry in ENTRIES.items() if "setting" in entry}
"""Flags that a setting says; its path in the kitchen."""

CLOSED: dict[str, str] = {name: str(entry["closed"]) for name, entry in ENTRIES.items() if "closed" in entry}
"""Flags that open or break something; the reason."""

KNOWN = frozenset(ENTRIES)
"""Every flag that is known, by its whole name without dashes in front."""
