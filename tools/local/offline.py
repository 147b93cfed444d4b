"""`make preview` and `make policy`: what would change and whether it may, without a cluster where none is needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from tools.local.errors import LocalError
from tools.local.steps import say, table
from tools.local.workspace import POLICY_PACK, REPOSITORY, Workspace
from tools.toolchain import PREVIEW, ensure

STACKS = ("dev", "prod")
_NOWHERE = "https://127.0.0.1:1"


def offline_workspace(stack: str, folder: Path | None = None) -> Workspace:
    """A workspace whose state is empty and whose kubeconfig leads nowhere: everything is shown as to be created."""
    folder = folder or REPOSITORY / ".kitchen" / "offline"
    folder.mkdir(parents=True, exist_ok=True)
    kubeconfig = folder / "kubeconfig"
    if not kubeconfig.exists():
        kubeconfig.write_text(yaml.safe_dump(_kubeconfig()))
    return Workspace(folder, stack, kubeconfig)


def preview(workspace: Workspace, options: Sequence[str] = ()) -> int:
    """Preview a stack with the policy pack; returns the engine's exit status."""
    return workspace.engine("preview", "--policy-pack", str(POLICY_PACK), *options)


def policy() -> int:
    """Run the pack over both stacks and print one line a stack; returns 1 when a stack is denied."""
    ensure(PREVIEW)
    rows = []
    for stack in STACKS:
        workspace = offline_workspace(stack)
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
        "users": [{"name": "nobody", "user": {}}],
        "contexts": [{"name": "nowhere", "context": {"cluster": "nowhere", "user": "nobody"}}],
    }
