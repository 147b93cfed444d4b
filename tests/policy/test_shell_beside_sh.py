"""A script that the pack reads is what the real shell runs: the same servers with the same words and variables."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from policies.manifests.pods import Container
from policies.manifests.starts import Starts, starts

_STUB = """#!/bin/sh
exec >> {told}
for word in "$@"; do printf '%s\\n' "$word"; done
printf -- '--env\\n%s|%s\\n--end\\n' "${{A-unset}}" "${{B-unset}}"
"""
_ENVIRONMENT = {"A": "a", "B": "b c"}
_WORDS = st.sampled_from(
    [
        *("x", "--y=1", "$A", '"$A"', "$B", '"$B"', "'$A'", "${A}", "${A:-z}", "${C:-z}", '"${C-}"', "$C", '"x $A"'),
        *("x\\ y", '"a\\"b"', "\\$A", "a'b'c", '"$@"', "$1", '"$1"', "$A$A", '""', "x#y", "'a b'", '"`true`"', "-o"),
    ]
)
_BEFORE = st.sampled_from(
    [
        *("A=1", "B=", "C=7", "C='x y'", 'C="$A"', "export A=2", 'export C="q r"', "unset A", "A=1 B=2", "true", ":"),
        *("set -e", "if true; then A=9; fi", "false && A=3", "true && C=5", "true || A=4", "(A=5)", "A=6 | true"),
        *("for A in 1 2; do :; done", "while false; do A=1; done", "# A=7", "echo x >/dev/null 2>&1", "{ A=8; }"),
        *("trap - TERM", "cd /", '[ -n "$A" ] && A=10', "A=$(echo 11)", 'A="$A"z', "set -u +u"),
    ]
)
_PREFIX = st.sampled_from(
    ["", "", "A=3 ", "exec ", "env A=4 ", "env -u A ", "timeout 5 ", "nohup ", "! ", "B='m n' exec "]
)
_JOIN = st.sampled_from(["; ", "\n", " && ", "\n\n"])


@st.composite
def _scripts(draw: st.DrawFn) -> str:
    before = draw(st.lists(_BEFORE, max_size=3))
    words = " ".join(draw(st.lists(_WORDS, max_size=3)))
    end = draw(st.sampled_from(["", "", " 2>&1", " # no", " </dev/null"]))
    return draw(_JOIN).join([*before, f"{draw(_PREFIX)}vllm serve {words}{end}"])


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a program `vllm` that writes down what it is given."""
    folder = tmp_path_factory.mktemp("stub")
    program = folder / "vllm"
    program.write_text(_STUB.format(told=folder / "told"))
    program.chmod(0o755)
    return folder


def _run(shell: str, script: str, arguments: list[str], stub: Path) -> list[tuple[list[str], list[str]]]:
    told = stub / "told"
    told.write_text("")
    path = f"{stub}:{os.environ['PATH']}"
    subprocess.run(
        [shell, "-c", script, *arguments],
        env={**_ENVIRONMENT, "PATH": path},
        cwd=stub,
        capture_output=True,
        check=False,
        timeout=120,
    )
    found = []
    for entry in told.read_text().split("--end\n")[:-1]:
        words, _, variables = entry.partition("--env\n")
        found.append((words.splitlines(), variables.rstrip("\n").split("|")))
    return found


def _read(shell: str, script: str, arguments: list[str]) -> Starts:
    env = [{"name": name, "value": value} for name, value in _ENVIRONMENT.items()]
    spec = {"command": [shell, "-c", script, *arguments], "env": env}
    return starts(Container(path="x", group="containers", spec=spec), runs_vllm=False)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_script_that_is_read_is_what_the_shell_runs(shell: str, stub: Path) -> None:
    understood = 0

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(_scripts(), st.lists(st.sampled_from(["zero", "one", "two words", ""]), max_size=3))
    def compare(script: str, arguments: list[str]) -> None:
        nonlocal understood
        read = _read(shell, script, arguments)
        assume(not read.unread and all(isinstance(word, str) for words in read.servers for word in words))
        understood += 1
        for words, variables in _run(shell, script, arguments, stub):
            assert words in [["serve", *server] for server in read.servers], json.dumps(script)
            for name, value in zip("AB", variables, strict=True):
                given_ = [said for known, said in (*read.variables, *read.assigned) if known == name]
                possible = {_ENVIRONMENT[name], *(said if isinstance(said, str) else value for said in given_)}
                assert value in possible or (value == "unset" and "" in possible), json.dumps(script)

    compare()
    assert understood > 25
