"""Words of strangers: shown escaped on every way out, and messages of a bounded length."""

from __future__ import annotations

import argparse
import io
import json
import sys
import unicodedata
from pathlib import Path

import pytest

from infra.faults import Fault, FaultsError, printable, told
from ops.__main__ import _COMMANDS, main
from ops.screen import Screen, option_for_all, shown
from policies.check.findings import visible
from tests.support.artifacts import CONFIG, write_adapter

HOSTILE = (
    "\x1b[31m\x07\r\x00\x7f\x85\x9b31m\xa0\xad\u200b\u200d\u200e\u202e\u2066\u2028\u2029"
    "\u3000\ufeff\u3164\ufe0f\U000e0041\ud800"
)
"""Colours, a bell, C1, NEL, spaces that are none, unseen characters, directions, separators, half a pair."""


def test_nothing_unseen_is_left() -> None:
    assert printable(HOSTILE).isascii()
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        left = printable(character) == character
        assert left == (visible(character) == character), hex(code)
        if left:
            assert unicodedata.category(character)[0] not in "C", hex(code)
            assert character == " " or unicodedata.category(character)[0] != "Z", hex(code)


def test_what_people_write_is_left() -> None:
    for text in ("Grüße, 山田太郎 and Ελλάδα", "1 + 1 = 2", "naïve café", "🙂", "عربي", "한국어"):
        assert printable(text) == visible(text) == text


def test_the_door_keeps_lines_and_nothing_else() -> None:
    stream = io.StringIO()
    print(f"a\t{HOSTILE}", "b", sep="\n", file=Screen(stream))
    assert stream.getvalue() == f"a\t{printable(HOSTILE)}\nb\n"
    assert shown("plain\n") == "plain\n"


def test_a_command_writes_through_the_door(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    hostile = HOSTILE.replace("\x00", "").replace("\ud800", "")
    hostile = "".join(sign for sign in hostile if ord(sign) > 0x9F and sign not in "\u2028\u2029")
    for words in (["bundle", "verify", f"/nowhere/{hostile}", "--unsigned"], ["adapter", "lint", f"x{hostile}"]):
        assert main(words) != 0
    with pytest.raises(SystemExit):
        main([hostile])
    said = capsys.readouterr()
    assert (said.out + said.err).replace("\n", "").isascii()
    assert (sys.stdout, sys.stderr) == before


@pytest.mark.parametrize("sign", ["\n", "\r", "\x1b", "\x85", "\u2028", "\u2029", "\x7f"])
def test_an_option_is_one_line(sign: str, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["bundle", "import", "x", "--unsigned", "--settings", f"a{sign}b"],
        ["adapter", "promote", "x/v2026-01-01", f"--catalog=a{sign}b"],
        ["adapter", "list", f"a{sign}b"],
    ):
        assert main(words) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "an option or argument is one line" in line
    assert main(["adapter", "promote", "helpdesk-faq/v2026-02-01", "--approver", f"a{sign}b"]) == 2
    assert "rule: must be there, on one line: an approval has a name" in capsys.readouterr().err


def test_faults_are_bounded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    faults = [Fault(path=f"a{n:03}", value=n, rule="none", example="1") for n in range(50)]
    error = FaultsError("x", faults)
    assert len(told(error, 20).splitlines()) == 22
    assert told(error, 20).splitlines()[-1] == "  and 30 more; --all shows them"
    assert told(error, 50) == told(error, None) == str(error)
    folder = write_adapter(tmp_path / "menu")
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps({**config, **{f"odd_{n:03}": 1 for n in range(50)}}))
    assert main(["adapter", "lint", str(folder), "--json"]) == 1
    listed = json.loads(capsys.readouterr().out)[0]["faults"]
    assert len(listed) >= 50
    assert main(["adapter", "lint", str(folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 22
    assert lines[-1] == f"  and {len(listed) - 20} more; --all shows them"
    assert main(["adapter", "lint", str(folder), "--all"]) == 1
    assert len(capsys.readouterr().out.splitlines()) == len(listed) + 1


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_can_show_all(name: str) -> None:
    options, _ = _COMMANDS[name][1]()
    parser = argparse.ArgumentParser()
    options(parser)
    option_for_all(parser)
    actions = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for leaf in [below for action in actions for below in action.choices.values()] or [parser]:
        assert "show every fault" in " ".join(leaf.format_help().split())


def test_a_message_of_a_long_text_is_made_at_once() -> None:
    """What looks for passwords in addresses takes the square of a text's length."""
    for text in ("9" * 2_000_000, "a:" * 1_000_000, "x" * 2_000_000 + "@"):
        assert len(str(Fault(path="a", value=text, rule="r", example="e"))) < 200
    hidden = str(Fault(path="a", value="user:" + "p" * 5000 + "@host", rule="r", example="e"))
    assert "ppp" not in hidden
