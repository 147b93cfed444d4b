"""An environment that an update without a cluster has recorded, and previews against its state."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.support.serving_options import changes
from tests.support.stacks import prepare
from tools.local.observed import observed
from tools.local.workspace import REPOSITORY, Workspace
from tools.plan.goal import Goal


class Recorded:
    """The dev environment with every option of serving, as an update without a cluster recorded it."""

    def __init__(self, folder: Path) -> None:
        self.settings = {**changes(), "renderTo": str(folder / "objects")}
        self.workspace = Workspace(folder, "dev", kubeconfig=None)
        prepare(self.workspace, self.settings)
        log = folder / "log"
        done = self.workspace.run("up", "--yes", "--skip-preview", "--suppress-outputs", log=log, echo=False)
        assert done.status == 0, log.read_text()

    def preview(self, settings: dict[str, Any] | None = None) -> Goal:
        """What the engine says of these settings, or of those that were recorded."""
        self.workspace.prepare(self.settings if settings is None else settings)
        words = ["pulumi", "preview", "--stack", "dev", "--config-file", str(self.workspace.config_file)]
        goal, folder = Goal(), self.workspace.folder
        env = self.workspace.environment()
        goal.outcome = observed([*words, "--non-interactive"], REPOSITORY, env, folder, log=folder / "log", echo=False,
                                events=goal.take)  # fmt: skip
        assert goal.ended, (folder / "log").read_text()
        return goal

    def state(self) -> dict[str, Any]:
        """What the engine has recorded."""
        found: dict[str, Any] = json.loads(self._pulumi("export"))
        return found

    def put(self, state: dict[str, Any]) -> None:
        """Have another state recorded."""
        self._pulumi("import", said=json.dumps(state))

    def _pulumi(self, word: str, said: str | None = None) -> str:
        words = ["pulumi", "stack", word, "--stack", "dev", "--non-interactive"]
        done = subprocess.run(words, cwd=REPOSITORY, env=self.workspace.environment(), input=said, text=True,
                              capture_output=True, check=True)  # fmt: skip
        return done.stdout
