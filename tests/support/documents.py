"""What documents show: their fenced blocks."""

from __future__ import annotations

import re
from pathlib import Path


def fences(path: Path, language: str) -> list[str]:
    """The content of every fenced block of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)
