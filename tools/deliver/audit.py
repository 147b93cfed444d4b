"""`kitchen audit` after an update: only what differs is a failure, and what cannot be seen is told."""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ops.audit import commands
from ops.audit.verdicts import Row, Verdict
from tools.progress import note

_PATIENCE = 180.0
_EVERY = 15.0
_MOST = 20


def audited(settings: Path, state: Mapping[str, Any], *, patience: float = _PATIENCE,
            sleep: Callable[[float], None] = time.sleep) -> list[Row]:  # fmt: skip
    """Every row. Pods of a rollout that are ending differ until they are gone, so that a difference is looked at again.

    `state` is what the engine exports, secrets encrypted. Raise FaultsError.
    """
    with TemporaryDirectory(prefix="kitchen-") as folder:
        exported = Path(folder) / "state.json"
        exported.write_text(json.dumps(state))
        parser = argparse.ArgumentParser()
        commands.arguments(parser)
        options = parser.parse_args(["--settings", str(settings), "--state", str(exported)])
        end = time.monotonic() + patience
        while True:
            rows = commands.audit(options)
            if not any(row.finding.verdict is Verdict.DIFFERS for row in rows) or time.monotonic() > end:
                return rows
            note("audit: something differs; pods that are ending go on for a while, so it is looked at again")
            sleep(_EVERY)


def summed(rows: Sequence[Row]) -> tuple[bool, list[str]]:
    """Whether nothing differs, and lines: the counts, then each difference."""
    count = Counter(row.finding.verdict for row in rows)
    differs = [row for row in rows if row.finding.verdict is Verdict.DIFFERS]
    lines = [", ".join(f"{count[verdict]} {verdict}" for verdict in Verdict)]
    lines += [f"differs: {row.kitchen}: {row.what} ({row.where}): {row.finding.found}" for row in differs[:_MOST]]
    if len(differs) > _MOST:
        lines.append(f"and {len(differs) - _MOST} more")
    return not differs, lines
