"""The Python environment's helper: what it says of pip's progress, and how it ends when pip fails."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import venv
from tools.local.workspace import REPOSITORY


def test_pip_s_lines_become_a_count() -> None:
    count = venv.Count(3)
    assert str(count) == "0 of 3 packages fetched"
    for line in ("Collecting boto3==1.40 (from -r requirements.lock (line 1))\n", "  Downloading boto3.whl (140 kB)\n"):
        count.line(line)
    assert str(count) == "1 of 3 packages fetched"
    for line in ("Collecting one\n", "Collecting two\n", "Collecting build-helper\n"):
        count.line(line)
    assert str(count) == "3 of 3 packages fetched"
    count.line("Installing collected packages: boto3, one, two\n")
    assert str(count) == "installing 3 packages"


def test_the_packages_of_the_lock_file_are_counted() -> None:
    lock = (REPOSITORY / "requirements.lock").read_text()
    assert len(venv._PINNED.findall(lock)) == sum(line[:1].isalnum() for line in lock.splitlines()) > 40


def test_a_failure_is_one_message_with_the_end_of_pip_s_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / "requirements.lock").write_text(f"no-such-package-here==1.0 --hash=sha256:{'0' * 64}\n")
    monkeypatch.chdir(tmp_path)
    for name, value in (("PIP_INDEX_URL", "http://127.0.0.1:9"), ("PIP_RETRIES", "0"), ("PIP_FIND_LINKS", "")):
        monkeypatch.setenv(name, value)
    assert venv.main() == 1
    message = capsys.readouterr().err
    assert "python: making .venv from requirements.lock" in message
    assert "python: `-m pip install` failed; the package mirror must be reachable for pip:" in message
    assert "no-such-package-here" in message
    assert "Traceback" not in message
    assert "is ready" not in message


def test_an_old_python_is_refused_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lock").write_text("")
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    with pytest.raises(venv.VenvError, match=re.escape("Python 3.10; rule: 3.11 or newer; example: make PYTHON=")):
        venv.make(tmp_path / ".venv", tmp_path / "lock")
    assert not (tmp_path / ".venv").exists()


def test_it_needs_nothing_but_the_standard_library() -> None:
    code = "import sys; before = set(sys.modules); import tools.venv; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=REPOSITORY, text=True, capture_output=True, check=True
    )
    foreign = {name.split(".")[0] for name in done.stdout.split()} - set(sys.stdlib_module_names)
    assert foreign == {"tools"}
