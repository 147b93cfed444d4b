"""By what a preview is made and reduced, beside the program: another of these may find another thing."""

from __future__ import annotations

import platform
from pathlib import Path

from tools.local.workspace import REPOSITORY
from tools.plan.code import PACKAGE_FILES
from tools.plan.planned import sum_of
from tools.toolchain import PREVIEW, look_up

_REDUCED = ("components/labels.py", "components/restarts.py")
"""What says which part of an object reaches its pods."""


def made_with(project: Path) -> str:
    """A sum of Python, engine and providers, of the lists of packages of `project`, and of the tools that reduce."""
    tools = sorted(path for path in (REPOSITORY / "tools").rglob("*") if "__pycache__" not in path.parts)
    files = [*tools, *(REPOSITORY / name for name in _REDUCED)]
    provided = [look_up(name) for name in PREVIEW]
    return sum_of(
        [
            platform.python_version(),
            [one.version if one else "" for one in provided],
            [_text(project / name) for name in PACKAGE_FILES],
            [[str(path.relative_to(REPOSITORY)), _text(path)] for path in files if path.is_file()],
        ]
    )


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
