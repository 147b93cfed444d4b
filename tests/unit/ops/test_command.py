"""The command `kitchen` itself: what it imports, and how it ends when its output or a file goes away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from ops import __main__ as kitchen


def test_help_imports_no_command() -> None:
    """Half a second otherwise, at each try of an operator."""
    script = (
        "import sys\n"
        "from ops.__main__ import main\n"
        "try:\n"
        "    main(['--help'])\n"
        "except SystemExit:\n"
        "    print(sorted({'infra', 'pulumi', 'yaml', 'policies'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "word",
    ["publish", "policy", "audit", "rollback", "calls", "usage", "token", "adapter", "model", "image", "bundle"],
)
def test_each_command_has_its_help(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        kitchen.main([word, "--help"])
    assert caught.value.code == 0
    told = capsys.readouterr().out
    assert f"usage: kitchen {word} [-h] " in told
    assert len(told.splitlines()) > 5


def test_a_reader_that_has_read_enough_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    words = [sys.executable, "-m", "ops", "adapter", "list"]
    done = subprocess.run(words, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_stop_while_a_command_is_imported_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped() -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setitem(kitchen._COMMANDS, "audit", ("what", stopped))
    assert kitchen.main(["audit", "--settings", "x"]) == 130
    assert capsys.readouterr().err == "audit: stopped\n"


def test_a_file_that_fails_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(_: object) -> int:
        raise OSError(28, "No space left on device", "/bundles/menu")

    text, load = kitchen._COMMANDS["audit"]
    monkeypatch.setitem(kitchen._COMMANDS, "audit", (text, lambda: (load()[0], full)))
    assert kitchen.main(["audit", "--settings", "x"]) == 1
    assert capsys.readouterr().err == "audit: /bundles/menu: No space left on device\n"


def test_a_terminal_that_cannot_show_a_sign_stops_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "\u9a8c"
    folder.mkdir()
    words = [sys.executable, "-m", "ops", "adapter", "lint", str(folder)]
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run(words, env=ascii_only, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "\\u9a8c: 1 fault" in done.stdout
