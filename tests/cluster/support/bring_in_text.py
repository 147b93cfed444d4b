"""docs/bring-in.md as its reader types it."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

from tools.local.workspace import REPOSITORY

TEXT = (REPOSITORY / "docs" / "bring-in.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
SCRIPTS = [block for kind, block in BLOCKS if kind == "sh"]
LISTS = [block for kind, block in BLOCKS if kind == "yaml" and block.startswith("artifacts:")]
KEY = SCRIPTS[0]
"""The commands that make `bundle.key` and `bundle.pub`; a second person's key is made as the first one's."""

SECOND_KEY = KEY.replace("bundle.", "second.")


def command(action: str) -> list[str]:
    """The words of the first `kitchen bundle ACTION` of the text, which need the text's folder."""
    line = next(
        line for script in SCRIPTS for line in script.splitlines() if line.startswith(f"kitchen bundle {action} ")
    )
    return [str(Path(sys.executable).parent / "kitchen"), *shlex.split(line)[1:]]
