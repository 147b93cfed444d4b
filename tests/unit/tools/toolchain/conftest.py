"""A cache of its own for each test, quick retries, tiny Go modules in the place of the real ones, a server of files."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.support.file_server import FileServer
from tools.toolchain import download, family, official, reach
from tools.toolchain.families import FAMILIES

_MAIN = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("built here") }\n'


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITCHEN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("KITCHEN_TOOLCHAIN_IGNORE_PATH", "1")
    for name in (
        "KITCHEN_MIRROR_FILE",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(official.SWITCH, "0")
    for name, each in FAMILIES.items():
        monkeypatch.setitem(FAMILIES, name, dataclasses.replace(each, needed_gib=0.001))
    monkeypatch.setattr(download, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(reach, "PATIENCE_SECONDS", 60.0)  # a machine that does much else is no silent host


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as made:
        yield made


@pytest.fixture
def tiny_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Families `minio` and `kwok` are built from a few lines of Go that need no module."""
    folder = tmp_path / "go"
    for name in ("minio", "kwok"):
        (folder / name).mkdir(parents=True)
        (folder / name / "go.mod").write_text(f"module kitchen.example/{name}\n\ngo 1.21\n")
        (folder / name / "main.go").write_text(_MAIN)
        binary = family.Binary(name=name)
        monkeypatch.setitem(FAMILIES, name, dataclasses.replace(FAMILIES[name], binaries=(binary,)))
    monkeypatch.setattr(family, "GO_SOURCES", folder)
    return folder
