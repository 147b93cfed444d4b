"""Sources in Go keep the one form that Go's own tool gives them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tools.local.workspace import REPOSITORY

SOURCES = REPOSITORY / "tools" / "go"


def unformatted(folder: Path) -> list[str]:
    done = subprocess.run(["gofmt", "-l", folder], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_sources_are_formatted() -> None:
    assert unformatted(SOURCES) == []


def test_one_that_is_not_is_found(tmp_path: Path) -> None:
    source = tmp_path / "main.go"
    source.write_text("package main\nfunc main( ) {}\n")
    assert unformatted(tmp_path) == [str(source)]
