"""A sample project whose state is large: one output of half a megabyte."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.support.programs import RUNTIME

PROGRAM = """
import pulumi

for number in range(3):
    part = pulumi.ComponentResource("sample:part:Part", f"part-{number}")
    part.register_outputs({"text": str(number) * 250_000})
"""


def stage(folder: Path, text: str) -> Path:
    """Write the project and return its folder."""
    folder.mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "sample", "runtime": RUNTIME}))
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"sample:a": "b"}}))
    (folder / "__main__.py").write_text(text)
    return folder
