"""`make preview` and `make policy`: what would change and whether it may, without a cluster where none is needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from tools.engine.checkpoints import WITHOUT
from tools.local.errors import LocalError
from tools.local.steps import say, table
from tools.local.workspace import REPOSITORY, Workspace
from tools.own_file import remove, write

STACKS = ("dev", "prod")
_NOWHERE = "https://127.0.0.1:1"


def offline_workspace(stack: str, folder: Path) -> Workspace:
    """A workspace whose state is empty and whose kubeconfig leads nowhere: everything is shown as to be created."""
    folder.mkdir(parents=True, exist_ok=True)
    kubeconfig = folder / "kubeconfig"
    write(kubeconfig, yaml.safe_dump(_kubeconfig()))
    return Workspace(folder, stack, kubeconfig)


def preview(workspace: Workspace, options: Sequence[str] = ()) -> int:
    """Preview a stack with the policy pack; returns the engine's exit status."""
    return workspace.engine("preview", *options)


def render(stack: str, directory: Path) -> int:
    """Write a stack's Kubernetes objects below `<directory>/rendered/<stack>/`; returns the engine's exit status.

    The state is made anew, so that the folder holds what the settings say now and nothing older. Keys of the object
    store are placeholders: no secret is written. Without checkpoints: what a killed render leaves is of no use to
    anybody.
    """
    target = directory / "rendered" / stack
    remove(target)
    folder = directory / "render" / stack
    remove(folder)
    folder.mkdir(parents=True)
    workspace = Workspace(folder, stack, kubeconfig=None)
    workspace.prepare({"renderTo": str(target)})
    status = workspace.engine("up", "--yes", "--skip-preview", "--suppress-outputs", extra=WITHOUT)
    if status == 0:
        say(f"render: {sum(1 for _ in target.rglob('*.yaml'))} files below {target}")
    return status


def policy(directory: Path) -> int:
    """Run the pack over both stacks and print one line a stack; returns 1 when a stack is denied."""
    rows = []
    for stack in STACKS:
        workspace = offline_workspace(stack, directory / "offline")
        workspace.prepare({})
        say(f"policy: stack {stack}")
        rows.append((stack, "passed" if preview(workspace) == 0 else "DENIED"))
    print(table(("STACK", "POLICIES"), rows))
    return 0 if all(verdict == "passed" for _, verdict in rows) else 1


def checked_stack(stack: str) -> str:
    """Return the stack's name; raise LocalError when there is no settings file of that name."""
    known = sorted(path.name.split(".")[1] for path in REPOSITORY.glob("Pulumi.*.yaml"))
    if stack not in known:
        raise LocalError(
            f"STACK={stack}: there is no Pulumi.{stack}.yaml; known: {', '.join(known)}; example: STACK=dev"
        )
    return stack


def _kubeconfig() -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "nowhere",
        "clusters": [{"name": "nowhere", "cluster": {"server": _NOWHERE}}],
        # Without any credential the provider would ask for a user name on the terminal.
        "users": [{"name": "nobody", "user": {"token": "none"}}],
        "contexts": [{"name": "nowhere", "context": {"cluster": "nowhere", "user": "nobody"}}],
    }
