"""`python -m tests.cluster.support.update_once FOLDER WISH`: `make up` with settings and checkpoints of one's own.

`WISH` is a JSON object: `settings` replace top-level settings, `checkpoints` is `kept`, `skipped` (whatever the preview
says: harder than the product, which keeps them where something is deleted) or `judged`.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

from ops.store import StoreError
from tools.cluster import ClusterError
from tools.command import exit_status
from tools.engine.checkpoints import Verdict
from tools.engine.outcome import Outcome
from tools.local import up
from tools.local.errors import LocalError

ALWAYS = {"kept": Verdict(skip=False, reason="asked for"), "skipped": Verdict(skip=True, reason="asked for")}


class Kitchen(up.LocalKitchen):
    """A kitchen whose settings are told."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        super().__init__(folder)
        self.settings = settings

    def changes(self) -> dict[str, Any]:
        return super().changes() | self.settings


def main() -> int:
    """Bring it up as `make up` does: 0, or 1 with one line of error."""
    folder, wish = Path(sys.argv[1]), json.loads(sys.argv[2])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if verdict := ALWAYS.get(wish["checkpoints"]):
        up.may_skip = lambda planned: judged(planned, verdict)

    def run() -> int:
        Kitchen(folder, wish["settings"]).up()
        return 0

    return exit_status(run, prefix="error", errors=(LocalError, ClusterError, StoreError), interrupted="interrupted")


def judged(planned: Outcome, verdict: Verdict) -> Verdict:
    """The verdict that is asked for, unless nothing changes."""
    return verdict if planned.changes() else ALWAYS["kept"]


if __name__ == "__main__":
    sys.exit(main())
