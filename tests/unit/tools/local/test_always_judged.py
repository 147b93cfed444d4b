"""No way through the project's own commands leaves the policy pack away."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools.local.workspace import POLICY_PACK, REPOSITORY, Workspace


@pytest.mark.parametrize("command", ["preview", "up"])
def test_every_preview_and_update_has_the_pack(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    class Engine:
        pid, stdout, stderr = 1, None, None

        def __init__(self, arguments: list[str], **_: Any) -> None:
            seen.append(arguments)

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(subprocess, "Popen", Engine)
    Workspace(tmp_path, "dev", None).engine(command, "--yes")
    (arguments,) = seen
    assert arguments[arguments.index("--policy-pack") + 1] == str(POLICY_PACK)


def test_nothing_else_calls_the_engine() -> None:
    """A workspace does, and a deployment and a plan, which name the pack themselves.

    The base of a plan may go without it: nothing is let in by a base. What makes stacks changes no object, and the
    check of versions previews alone, over a state of its own.
    """
    pattern = re.compile(r'\["pulumi", (?!"stack", "export")')
    sources = [*(REPOSITORY / "tools").rglob("*.py"), *(REPOSITORY / "ops").rglob("*.py")]
    callers = {path.relative_to(REPOSITORY).as_posix() for path in sources if pattern.search(path.read_text())}
    assert callers == {
        "tools/local/workspace.py",
        "tools/pipeline/backend.py",
        "tools/pipeline/stacks.py",
        "tools/plan/running.py",
        "tools/upgrade/settled.py",
    }
    for name in ("plan/running", "upgrade/settled"):
        text = (REPOSITORY / "tools" / f"{name}.py").read_text()
        assert set(re.findall(r'\["pulumi", "(\w+)"', text)) == {"preview"}, name
        assert name != "plan/running" or text.count('"pulumi"') == text.count("_pack(project)"), name
    unjudged = re.compile(r"judged=(?!judged\b)")
    places = {path.name: len(unjudged.findall(path.read_text())) for path in (REPOSITORY / "tools/plan").glob("*.py")}
    assert {name: count for name, count in places.items() if count} == {"cache.py": 1, "making.py": 2}
    making = (REPOSITORY / "tools" / "plan" / "making.py").read_text()
    assert making.count("running.offline(") == 1, "that of a base; a work tree's preview is given no such option"
    text = (REPOSITORY / "tools" / "pipeline" / "stacks.py").read_text()
    assert set(re.findall(r'(?:_call\(\[|words = \[\*\()"(\w+)"', text)) == {"config", "stack"}
    assert len(re.findall(r"_call\(", text)) == 4, "its definition, and three calls"
    makefile = (REPOSITORY / "Makefile").read_text()
    assert "pulumi " not in "\n".join(line for line in makefile.splitlines() if line.startswith("\t"))
