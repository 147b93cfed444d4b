"""`python -m tests.cluster.support.update_once FOLDER WISH`: the update of `make up`, with settings of one's own.

The cluster runs already and its artifacts are there: what is left is what can be killed. `WISH` is a JSON object:
`settings` replace top-level settings, `checkpoints` is `kept`, `skipped` (whatever the preview says: harder than the
product, which keeps them where something is deleted) or `judged`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tools.engine.checkpoints import Verdict
from tools.engine.leftovers import remove_leftovers
from tools.engine.outcome import Outcome
from tools.local import up
from tools.local.errors import LocalError
from tools.local.logs import Log
from tools.local.screen import Screen

ALWAYS = {"kept": Verdict(skip=False, reason="asked for"), "skipped": Verdict(skip=True, reason="asked for")}


class Kitchen(up.LocalKitchen):
    """A kitchen whose settings are told."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        super().__init__(folder)
        self.settings = settings

    def changes(self) -> dict[str, Any]:
        return super().changes() | self.settings

    def update(self) -> dict[str, int]:
        """Prepare, recover, preview, update, look for leftovers; what the engine counted."""
        with self.work.begin("up", self.workspace.folder):
            self.workspace.free_stale_lock()
            self.screen = Screen(1, Log(self.folder, "up"), self.work.tell)
            self.workspace.prepare(self.changes())
            with self.screen.step("pulumi up"):
                self._recover()
                _, done = self._engine_up()
                self._after_kill(remove_leftovers)
            return done.counts


def main() -> int:
    """Update; prints the counts as JSON, or one line of error."""
    folder, wish = Path(sys.argv[1]), json.loads(sys.argv[2])
    if verdict := ALWAYS.get(wish["checkpoints"]):
        up.may_skip = lambda planned: judged(planned, verdict)
    try:
        print(json.dumps(Kitchen(folder, wish["settings"]).update()))
    except (LocalError, KeyboardInterrupt) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def judged(planned: Outcome, verdict: Verdict) -> Verdict:
    """The verdict that is asked for, unless nothing changes."""
    return verdict if planned.changes() else ALWAYS["kept"]


if __name__ == "__main__":
    sys.exit(main())
