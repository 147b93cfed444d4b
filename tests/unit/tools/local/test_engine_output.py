"""Where the output of an engine goes, and what is read of its events: with programs that stand for the engine."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tools.engine.follow import following
from tools.local.engine_process import run_engine
from tools.local.observed import observed

SAYS = "echo told; echo 'mind the lock: `pulumi cancel`' >&2; exit 3"
WRITES = """
import json, sys
path = sys.argv[sys.argv.index("--event-log") + 1]
for text in ("first", "second"):
    event = {"diagnosticEvent": {"severity": "info", "message": text}}
    open(path, "a").write(json.dumps(event) + "\\n")
open(path, "a").write('{"diagnosticEvent": {"sev')
"""


def run(tmp_path: Path, *, log: Path | None, echo: bool) -> list[str]:
    words: list[str] = []
    status = run_engine(
        ["sh", "-c", SAYS], tmp_path, dict(os.environ), changed=str.upper, log=log, echo=echo, last_words=words
    )
    assert status == 3
    return words


def test_with_a_log_nothing_is_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log"
    assert run(tmp_path, log=log, echo=False) == ["MIND THE LOCK: `PULUMI CANCEL`"]
    assert "".join(capfd.readouterr()) == ""
    assert sorted(log.read_text().splitlines()) == ["MIND THE LOCK: `PULUMI CANCEL`", "told"]
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_verbose_shows_what_the_log_gets(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log"
    run(tmp_path, log=log, echo=True)
    said = capfd.readouterr()
    assert (said.out, said.err) == ("told\n", "MIND THE LOCK: `PULUMI CANCEL`\n")
    assert sorted(log.read_text().splitlines()) == ["MIND THE LOCK: `PULUMI CANCEL`", "told"]


def test_without_a_log_the_engine_speaks_for_itself(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, log=None, echo=True)
    assert capfd.readouterr().out == "told\n"


def test_events_are_read_without_a_last_line_that_was_cut(tmp_path: Path) -> None:
    seen: list[int] = []
    script = [sys.executable, "-c", WRITES]
    outcome = observed(
        script, tmp_path, dict(os.environ), tmp_path, log=tmp_path / "log", echo=False,
        seen=lambda outcome: seen.append(len(outcome.messages)),
    )  # fmt: skip
    assert [message.text for message in outcome.messages] == ["first", "second"]
    assert (seen, outcome.status) == ([1, 2], 0)
    assert list(tmp_path.glob("events-*")) == []


def test_events_of_a_killed_command_are_removed_and_those_of_a_living_one_stay(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as process:
        pass
    gone, here = (tmp_path / f"events-{pid}.jsonl" for pid in (process.pid, os.getppid()))
    for path in (gone, here):
        path.write_text("{}\n")
    observed(["true"], tmp_path, dict(os.environ), tmp_path, log=tmp_path / "log", echo=False)
    assert (gone.exists(), here.exists()) == (False, True)


def test_a_log_of_events_that_begins_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    path, taken, heard = tmp_path / "events.jsonl", list[object](), threading.Event()

    def take(event: dict[str, object]) -> None:
        taken.append(event)
        heard.set()

    with following(path, take):
        path.write_text('{"a": "something long, so that what follows is shorter"}\n')
        assert heard.wait(60)
        path.write_text('{"b": 2}\n')
    assert taken[1:] == [{"b": 2}]
