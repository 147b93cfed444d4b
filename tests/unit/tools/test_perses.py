"""Perses is installed whole or not at all, out of files whose sums are known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.perses import install
from tools.perses.__main__ import main
from tools.perses.install import PersesError

FOLDER = Path(install.__file__).parent


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with stand-ins for go, node and npm alone."""
    folder = tmp_path / "bin"
    for name in ("go", "node", "npm"):
        program(folder, name, "exit 3")
    monkeypatch.setenv("PATH", str(folder))
    return folder


def test_another_sum_is_refused_and_nothing_is_left(tmp_path: Path, programs: Path) -> None:
    told = json.dumps({"Dir": str(tmp_path), "Sum": "h1:another"})
    program(programs, "go", f"echo '{told}'")
    with pytest.raises(PersesError, match=r"sum h1:another; rule: must be h1:pives1Ky15"):
        install.install(tmp_path / "made" / "perses")
    assert list((tmp_path / "made").iterdir()) == []


def test_a_program_that_lacks_is_named(tmp_path: Path, programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (programs / "npm").unlink()
    assert main([str(tmp_path / "perses")]) == 1
    assert "npm: not on PATH; rule: Perses is built with" in capsys.readouterr().err


def test_a_command_that_fails_is_shown(tmp_path: Path, programs: Path) -> None:
    program(programs, "go", "echo no such host >&2; exit 7")
    with pytest.raises(PersesError, match=r"go mod download: ended with status 7\nno such host"):
        install.install(tmp_path / "made" / "perses")


def test_each_package_has_a_sum_and_no_address() -> None:
    lock = json.loads((FOLDER / "plugins" / "package-lock.json").read_text())["packages"]
    packages = {name: said for name, said in lock.items() if name}
    assert len(packages) > len(install._PLUGINS)
    assert [name for name, said in packages.items() if not said["integrity"].startswith("sha512-")] == []
    assert [name for name, said in packages.items() if "resolved" in said] == []


def test_each_plugin_has_schemas_of_ours() -> None:
    wanted = json.loads((FOLDER / "plugins" / "package.json").read_text())["dependencies"]
    assert set(wanted) == {f"@perses-dev/{name}" for name in install._PLUGINS}
    assert {path.name for path in (FOLDER / "schemas").iterdir()} == set(install._PLUGINS.values())
    models = list((FOLDER / "schemas").rglob("*.cue"))
    assert all("spec: close({" in path.read_text() for path in models)
