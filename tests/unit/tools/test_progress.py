"""Progress of long steps, with and without a terminal."""

from __future__ import annotations

import io
import sys

import pytest

from tests.support.waiting import until
from tools.progress import heard, note, say, step


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_one_line_that_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with step("fetching", "ready", 100.0, rewrites=True):
        until(stream.getvalue)
    passing, _, after = stream.getvalue().rpartition("\r\x1b[2K")
    assert passing.startswith("\r\x1b[2Kfetching ... ")
    assert "\n" not in passing
    assert after.startswith("ready (")


def test_without_a_terminal_there_are_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with step("fetching", "ready", 0.2, rewrites=True):
        until(stream.getvalue)
    said = stream.getvalue()
    assert said.startswith("fetching ... ")
    assert "\x1b" not in said


def test_who_listens_gets_every_line_and_which_stay(capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[tuple[str, bool]] = []
    with heard(lambda line, stays: lines.append((line, stays))):
        say("passes")
        note("stays")
    say("aloud")
    assert lines == [("passes", False), ("stays", True)]
    assert capsys.readouterr().err == "aloud\n"
