"""How a command is measured: time, the moments of its lines, memory of it and its children."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import processes
from tests.bench.processes import Done, role_of, run

_CHILD = """\
import pathlib, time
held = bytearray(b"x" * 60_000_000)
pathlib.Path("holds").touch()
while not pathlib.Path("seen").exists():
    time.sleep(0.01)
"""
_PARENT = f"""\
import subprocess, sys, time
held = bytearray(b"x" * 60_000_000)
subprocess.run([sys.executable, "-c", {_CHILD!r}], check=True)
"""
_LINES = """\
import time
print("begins", time.perf_counter())
print("much\\n" * 100_000, end="", flush=True)
print("ends", time.perf_counter())
"""
"""Between the two lie many times what a pipe holds: the first was read when the last is written."""


def python(text: str, folder: Path, **options: tuple[int, ...]) -> Done:
    return run([sys.executable, "-c", text], folder, os.environ, **options)


def test_memory_is_that_of_a_process_and_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child holds its memory until it was looked at three times."""
    real, looks = processes.tree, itertools.count()

    def tree(pid: int) -> Iterator[int]:
        if (tmp_path / "holds").exists() and next(looks) == 3:
            (tmp_path / "seen").touch()
        yield from real(pid)

    monkeypatch.setattr(processes, "tree", tree)
    done = python(_PARENT, tmp_path)
    assert 120 < done.peak_mib < 300
    assert sum(done.roles.values()) == pytest.approx(done.peak_mib)


def test_a_line_has_the_moment_at_which_it_came(tmp_path: Path) -> None:
    before = time.perf_counter()  # the clock of all processes
    done = python(_LINES, tmp_path)
    begins, ends = (float(line.split()[1]) for line in done.text.splitlines() if " " in line)
    assert before + done.when("begins") < ends, "it has come before the end"
    assert ends - begins < done.when("ends") < done.seconds
    assert done.when("never said") == done.seconds


def test_a_command_that_fails_ends_the_bench_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="broken"):
        python("import sys; print('broken'); sys.exit(3)", tmp_path)
    assert python("import sys; sys.exit(1)", tmp_path, allowed=(0, 1)).status == 1


def test_processes_of_an_update_are_told_apart() -> None:
    host = "/cache/bin/pulumi-language-python"
    assert role_of(f"/venv/bin/python -u {host}-exec --monitor 127.0.0.1:1 ") == "program"
    assert role_of("/venv/bin/python -u -m pulumi.policy 127.0.0.1:1 /policies ") == "policy pack"
    assert role_of("/venv/bin/python -u -m pulumi.dynamic 127.0.0.1:1 ") == "store providers"
    assert role_of(f"{host} 127.0.0.1:1 ") == "language hosts"
    assert role_of("/plugins/resource-kubernetes/pulumi-resource-kubernetes 127.0.0.1:1 ") == "kubernetes provider"
    assert role_of("pulumi up --yes ") == "engine"
    assert role_of("/usr/bin/kubectl apply ") == "kubectl"
