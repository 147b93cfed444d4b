"""The pack over what an update recorded: of the kitchen on this machine, or of a stack on your own backend."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from tools.local.errors import LocalError
from tools.local.intact import refuse
from tools.local.up import STACK, LocalKitchen
from tools.local.workspace import REPOSITORY
from tools.toolchain import PREVIEW, environment


def judge_state(stack: str, directory: Path) -> int:
    """Export the state, secrets encrypted, and judge every resource; 0, or 1 for a mandatory violation."""
    # The pack and the SDK take a third of a second to import, which other steps need not wait.
    from policies.check.__main__ import main as policy_check  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as temporary:
        exported = Path(temporary) / f"state-{stack}.json"
        exported.write_text(_export(stack, directory))
        return policy_check([str(exported), "--state", "--settings", str(REPOSITORY / f"Pulumi.{stack}.yaml")])


def _export(stack: str, directory: Path) -> str:
    kitchen = LocalKitchen(directory)
    if os.environ.get("PULUMI_BACKEND_URL"):
        env = environment(PREVIEW)
    elif stack == STACK and kitchen.workspace.exists():
        refuse(kitchen.damages())
        env = kitchen.workspace.environment()
    else:
        raise LocalError(
            f"stack {stack}: no state here; rule: `make up` has brought dev up on this machine, or PULUMI_BACKEND_URL "
            "names your backend; example: make up && make policy-state STACK=dev"
        )
    words = ["pulumi", "stack", "export", "--stack", stack, "--non-interactive"]
    done = subprocess.run(words, cwd=REPOSITORY, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)  # fmt: skip
    if done.returncode != 0:
        raise LocalError(f"stack {stack}: its state cannot be read: {done.stderr.strip()}")
    return done.stdout
