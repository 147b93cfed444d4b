"""Files of lines that another process may be writing to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def whole_lines(path: Path) -> list[str]:
    """Its lines up to the last end of a line: what follows is still being written. None where there is no file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return content[: content.rfind(b"\n") + 1].decode().splitlines()


def json_lines(path: Path) -> list[Any]:
    """What its whole lines say."""
    return [json.loads(line) for line in whole_lines(path)]
