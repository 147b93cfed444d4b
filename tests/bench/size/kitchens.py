"""An environment of a chosen number of tenants: its settings, its state, and runs of the engine on it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.bench.processes import Done, run
from tests.bench.settings import ADAPTERS, ONE_MORE, of_tenants
from tests.support.programs import RUNTIME
from tools.engine.checkpoints import WITHOUT
from tools.local.offline import offline_workspace
from tools.local.workspace import POLICY_PACK, REPOSITORY, Workspace

_CHECK = """\
import sys
from pathlib import Path
from tools.pipeline import __main__, checks
checks.REPOSITORY, checks.STACKS = Path(sys.argv[1]), ("dev",)
sys.exit(__main__.main(["settings"]))
"""
"""`make settings` for a project of its own: the same command, with another folder and one stack."""


class Kitchens:
    """`tenants` tenants with a kitchen each, the last one in hot mode, in `folder`.

    Without `cluster`, a kubeconfig, everything is offline. `credentials` are variables with the object store's key.
    """

    def __init__(
        self,
        folder: Path,
        tenants: int,
        *,
        cluster: Path | None = None,
        changes: Mapping[str, Any] | None = None,
        credentials: Mapping[str, str] | None = None,
    ) -> None:
        """Write the project and make the stack."""
        self.tenants = tenants
        self.folder = folder
        self.project = folder / "project"
        self._changes = dict(changes or {})
        self._credentials = dict(credentials or {})
        self.project.mkdir(parents=True)
        content = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())
        content |= {"main": str(REPOSITORY / "infra"), "runtime": RUNTIME}
        (self.project / "Pulumi.yaml").write_text(yaml.safe_dump(content))
        self.settings = of_tenants(tenants, last_is_hot=True)
        self.write()
        state = offline_workspace("dev", folder / "state")
        self.workspace = Workspace(state.folder, "dev", cluster or state.kubeconfig, self.project)
        self.prepare()

    def write(self) -> None:
        """Write the settings as they are now."""
        (self.project / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": self.settings}))

    def prepare(self, **more: Any) -> None:
        """Take the settings over into the derived ones that the engine reads."""
        self.workspace.prepare({**self._changes, **more})

    def adapters_of(self, number: int, *, one_more: bool) -> None:
        """Give a kitchen one adapter more than it has at first, or take it away."""
        kitchen = self.settings["kitchen:kitchens"][f"kitchen-{number}"]
        kitchen["adapters"] = [*ADAPTERS, ONE_MORE] if one_more else list(ADAPTERS)
        self.write()
        self.prepare()

    def engine(
        self,
        command: str,
        *options: str,
        pack: bool = True,
        checkpoints: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> Done:
        """Run the engine as the make targets do; with `checkpoints` it writes the state for each resource."""
        words = ["pulumi", command, "--stack", "dev", "--config-file", str(self.workspace.config_file)]
        words += ["--non-interactive", "--color", "never", "--suppress-outputs", *options]
        if pack and command in ("preview", "up"):
            words += ["--policy-pack", str(POLICY_PACK)]
        env = self.workspace.environment() | self._credentials | dict(variables or {})
        return run(words, self.project, env if checkpoints else env | WITHOUT)

    def render(self, target: Path) -> Done:
        """Write every object as a YAML file below `target`, as `make render` does, with a state of its own."""
        workspace = Workspace(self.folder / "render", "dev", None, self.project)
        workspace.prepare({"renderTo": str(target)})
        words = ["pulumi", "up", "--stack", "dev", "--config-file", str(workspace.config_file), "--non-interactive"]
        words += ["--color", "never", "--suppress-outputs", "--yes", "--skip-preview"]
        words += ["--policy-pack", str(POLICY_PACK)]
        return run(words, self.project, workspace.environment() | WITHOUT)

    def check(self) -> Done:
        """Check the settings without the engine, as `make settings` does."""
        return run([sys.executable, "-c", _CHECK, str(self.project)], REPOSITORY, self.workspace.environment())


def preview(workspace: Workspace) -> Done:
    """Preview a program of another project, without the pack."""
    words = ["pulumi", "preview", "--stack", workspace.stack, "--config-file", str(workspace.config_file)]
    words += ["--non-interactive", "--color", "never", "--suppress-outputs"]
    return run(words, workspace.project, workspace.environment())
