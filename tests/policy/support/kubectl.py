"""What kubectl reads: many texts in one process, which tells each object as JSON and goes on after what it refuses."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from policies.reading.json_text import space


@dataclass(kw_only=True)
class Seen:
    """What kubectl reads out of a text: the objects, up to what it refuses."""

    objects: list[Any] = field(default_factory=list)
    refused: bool = False


def read_by_kubectl(folder: Path, texts: Mapping[str, str]) -> dict[str, Seen]:
    """What kubectl reads out of each text, by the text's name, with which its objects' names begin: `a.1`, `a.2`."""
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_bytes(text.encode())
    words = ["kubectl", "annotate", "--local", "--output", "json", "--filename", str(folder), "read=yes"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=folder, timeout=300)
    found = {name: Seen() for name in texts}
    for name in re.findall(r"\b([a-z][0-9]+)\.yaml\b", done.stderr):
        found[name].refused = True
    decoder, start = json.JSONDecoder(), 0
    while start < len(done.stdout):
        value, start = decoder.raw_decode(done.stdout, start)
        start = space(done.stdout, start)
        del value["metadata"]["annotations"]
        found[value["metadata"]["name"].split(".")[0]].objects.append(value)
    assert any(seen.objects for seen in found.values()), f"kubectl has read nothing: {done.stderr[:500]}"
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two values are one to the API server: a whole number is no truth value, whatever Python says."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(_number(one) == _number(other))


def _number(value: Any) -> Any:
    """JSON writes a large float with the fewest digits, which look like a whole number."""
    return float(value) if isinstance(value, int) and not -(2**63) <= value < 2**63 else value
