"""Every resource of a stack as text for a review; `python -m tests.engine.support.golden` writes both lists anew."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tests.engine.conftest import planned, run
from tools.local.offline import STACKS, offline_workspace
from tools.toolchain import PREVIEW, ensure

FOLDER = Path(__file__).parents[1] / "golden"


def listing(steps: list[dict[str, Any]]) -> str:
    """One line a resource, sorted: type, name, parent's name and type."""
    lines = []
    for step in steps:
        state = step["newState"]
        _, _, parent = str(state.get("parent", "")).rpartition("$")
        kind, _, name = parent.removeprefix("urn:pulumi:").rpartition("::")
        above = f"{kind.rpartition('::')[2]} {name}" if parent else "-"
        lines.append(f"{state['type']} {state['urn'].rpartition('::')[2]} < {above}")
    return "\n".join(sorted(lines)) + "\n"


def main() -> None:
    """Write the list of each stack."""
    ensure(PREVIEW)
    for stack in STACKS:
        with tempfile.TemporaryDirectory() as temporary:
            workspace = offline_workspace(stack, Path(temporary))
            workspace.prepare({})
            text = listing(planned(run(workspace, "preview", "--json")))
        (FOLDER / f"{stack}.txt").write_text(text)
        print(f"{stack}: {text.count(chr(10))} resources")


if __name__ == "__main__":
    main()
