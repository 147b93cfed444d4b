"""A bundle's licences, origins and names come from outside: shown escaped, signed or not, and kept out of lists."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.faults import printable
from ops.__main__ import main
from tests.support import bundle_tools as tools

HOSTILE = "MIT\x85\x9b31m\u2028bundle.sig: signed by the board\u202e\u200b\u2066\ufeff\xad"
"""NEL, a C1 sequence, a separator of lines with a line of our own making behind it, directions, unseen characters."""


def made(tmp_path: Path, **words: str) -> Path:
    """A bundle that another tool has made: its manifest says what no list of ours may say."""
    listed = tools.bring_in(tmp_path, tools.entry("adapter", tools.FAQ))
    target = tmp_path / "bundle"
    arguments = ["--from", str(tools.artifacts(tmp_path)), "--to", str(target), "--unsigned"]
    assert main(["bundle", "create", "--list", str(listed), *arguments]) == 0
    manifest = json.loads((target / "bundle.json").read_text())
    (artifact,) = manifest["artifacts"]
    artifact["licence"] = words.get("licence", artifact["licence"])
    artifact["origin"] |= {key: words[key] for key in ("from", "date") if key in words}
    (target / "bundle.json").write_text(json.dumps(manifest))
    return target


@pytest.mark.parametrize("key", ["licence", "from"])
def test_words_are_shown_escaped(key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = made(tmp_path, **{key: HOSTILE})
    capsys.readouterr()
    assert main(["bundle", "verify", str(target), "--unsigned"]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 2
    assert printable(HOSTILE) in said.out
    assert "".join((said.out + said.err).split("\n")).isprintable()
    assert main(["bundle", "verify", str(target), "--unsigned", "--json"]) == 0
    assert json.loads(out := capsys.readouterr().out)["artifacts"][0]
    assert out.strip().isascii()


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\n", "\r", "\x7f"])
def test_controls_are_refused(sign: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = made(tmp_path, licence=f"MIT{sign}x")
    capsys.readouterr()
    assert main(["bundle", "verify", str(target), "--unsigned"]) == 1
    said = capsys.readouterr().err
    assert "artifacts.0.licence" in said
    assert "".join(said.split("\n")).isprintable()


@pytest.mark.parametrize("date", ["2026-02-30", "0000-01-01", "2026-13-01"])
def test_a_day_that_is_none(date: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = made(tmp_path, date=date)
    assert main(["bundle", "verify", str(target), "--unsigned"]) == 1
    assert "must be a day of the calendar, as YYYY-MM-DD" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"licence": HOSTILE}, "must be on one line, without characters that cannot be seen"),
        ({"origin": {"from": HOSTILE, "date": "2026-02-03"}}, "must be on one line"),
        ({"origin": {"from": "x", "date": "2999-01-01"}}, "must be today at the latest: this machine's clock says"),
        ({"origin": {"from": "x", "date": "2026-02-30"}}, "must be a day of the calendar"),
    ],
)
def test_a_list_does_not_say_it(
    words: dict[str, object], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tools.bring_in(tmp_path, tools.entry("adapter", tools.FAQ, **words))
    to = ["--from", str(tmp_path), "--to", str(tmp_path / "bundle"), "--unsigned"]
    assert main(["bundle", "create", "--list", str(listed), *to]) == 2
    assert told in capsys.readouterr().err
