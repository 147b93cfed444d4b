"""The screen of a command: lines that stay, one that passes, and the file that holds everything."""

from __future__ import annotations

import io
import re
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support.waiting import until
from tools.engine.outcome import Outcome
from tools.local import live, logs
from tools.local.live import Live
from tools.local.logs import Log
from tools.local.screen import Screen
from tools.progress import note, say


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Engine:
    """Answers as a Workspace does, after `during`."""

    def __init__(self, during: Callable[[Callable[[Outcome], None]], None] | None = None) -> None:
        self.during = during
        self.echo: bool | None = None

    def run(
        self,
        command: str,
        *options: str,
        extra: Mapping[str, str] | None = None,
        log: Path | None = None,
        echo: bool | None = None,
        seen: Callable[[Outcome], None] | None = None,
    ) -> Outcome:
        self.echo = echo
        assert log is not None
        with log.open("a") as file:
            file.write(f"engine: {command} {' '.join(options)}\n")
        if self.during and seen:
            self.during(seen)
        return Outcome(status=0)


def up(screen: Screen, during: Callable[[Callable[[Outcome], None]], None] | None = None) -> None:
    with screen.step("toolchain: builds go, about 20m00s") as step:
        say("go: building")
        step.result = "ready"
    with screen.step("pulumi up") as step:
        screen.engine(Engine(during), "up", "--yes")
        note("its lock is released")
        step.result = "nothing changed"


def test_a_screen_has_a_line_a_step_and_the_file_has_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, told = Log(tmp_path, "up"), list[str]()
    up(Screen(2, log, told.append))
    lines = [re.sub(r"\d+s", "0s", line) for line in capsys.readouterr().err.splitlines()]
    assert lines == [
        "[1/2] toolchain: builds go, about 20m0s",
        "[1/2] toolchain: ready (0s)",
        "its lock is released",
        "[2/2] pulumi up: nothing changed (0s, 0s in all)",
    ]
    assert told == ["[1/2] toolchain", "[2/2] pulumi up"]
    text = log.path.read_text()
    for line in ("go: building", "engine: up --yes", "pulumi up --yes", "its lock is released", "nothing changed"):
        assert line in text


def test_a_step_that_fails_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(1, Log(tmp_path, "up"))
    with pytest.raises(ValueError, match="no"), screen.step("pulumi up"):
        raise ValueError("no")
    assert re.match(r"\[1/1\] pulumi up: failed \(\d+s\)", capsys.readouterr().err)
    assert "all that was said: " in screen.everything()


def test_verbose_shows_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VERBOSE", "1")
    screen, engine = Screen(1, Log(tmp_path, "up")), Engine()
    with screen.step("pulumi up"):
        say("go: building")
        screen.engine(engine, "up")
    assert engine.echo is True
    assert "go: building" in capsys.readouterr().err


def test_without_a_terminal_a_line_comes_every_ten_seconds_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "BEAT_SECONDS", 0.5)
    stream, begun = io.StringIO(), time.monotonic()
    with Live(stream).telling(lambda: "47 of 101"):
        until(lambda: stream.getvalue().count("\n") >= 2)
    beats = (time.monotonic() - begun) / live.BEAT_SECONDS
    lines = stream.getvalue().splitlines()
    assert set(lines) == {"47 of 101"}
    assert 2 <= len(lines) <= beats


def test_on_a_terminal_one_line_is_written_anew_and_leaves_nothing_behind() -> None:
    stream = Terminal()
    screen = Live(stream)
    with screen.telling(lambda: "47 of 101 " + "x" * 500):
        until(stream.getvalue)
        screen.lasting("a line that stays")
        until(lambda: stream.getvalue().partition("a line that stays\n")[2])
    passing, _, after = stream.getvalue().partition("a line that stays\n")
    assert passing.startswith("\r\x1b[2K47 of 101")
    assert passing.endswith("\r\x1b[2K")
    assert after.endswith("\r\x1b[2K")
    assert "\n" not in passing + after
    assert max(len(line) for line in re.split(r"\r\x1b\[2K", passing)) < 200, "it does not wrap"


def test_a_log_is_for_its_owner_and_the_newest_are_kept(tmp_path: Path) -> None:
    made = [Log(tmp_path, "up").path for _ in range(15)]
    assert len(set(made[:10])) == 10, "two commands in one second have two files"
    left = list((tmp_path / logs.LOGS).iterdir())
    assert len(left) == 10
    assert made[-1] in left
    assert {stat.S_IMODE(path.stat().st_mode) for path in left} == {0o600}
    assert stat.S_IMODE((tmp_path / logs.LOGS).stat().st_mode) == 0o700


def test_a_path_is_shown_as_one_types_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert logs.shown(tmp_path / "a" / "b.log") == "a/b.log"
    assert logs.shown(Path("/elsewhere/b.log")) == "/elsewhere/b.log"
