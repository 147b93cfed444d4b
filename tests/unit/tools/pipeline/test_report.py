"""The report of a pull request: what could not be judged is no success, and is named."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from policies.check import __main__ as command
from policies.judging.rule import Case
from policies.pack import RULES
from tools.local.offline import STACKS
from tools.pipeline import checks

GOOD = "apiVersion: v1\nkind: Thing\nmetadata: {name: x}\n"


def reported(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> tuple[int, str]:
    """Status and summary where every stack is rendered to this text."""
    for stack in STACKS:
        (folder / "rendered" / stack).mkdir(parents=True)
        (folder / "rendered" / stack / "a.yaml").write_text(text)
    monkeypatch.setattr(checks, "_render", lambda stack, directory: 0)
    monkeypatch.setattr(command, "STACK_RULES", ())
    status = checks.report(folder, folder / "reports")
    return status, (folder / "reports" / "policies.md").read_text()


def test_what_cannot_be_read_fails_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "RULES", ())
    status, said = reported(tmp_path, monkeypatch, f"{GOOD}---\na: [\n")
    assert status == 1
    assert said.count(": not judged: ") == len(STACKS)


def test_a_rule_that_fails_does_so_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(case: Case) -> Iterator[str]:
        raise KeyError
        yield

    monkeypatch.setattr(command, "RULES", (dataclasses.replace(RULES[0], judge=judge),))
    status, said = reported(tmp_path, monkeypatch, GOOD)
    assert status == 1
    assert said.count(f"the rule {RULES[0].id} cannot judge it: KeyError at ") == len(STACKS)


def test_else_it_succeeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "RULES", ())
    status, said = reported(tmp_path, monkeypatch, GOOD)
    assert status == 0
    assert "not judged" not in said


def test_words_of_others_are_no_markup() -> None:
    said = checks.in_markdown("<img src=x> [a](http://x) `b` **c** | \x1b[31m\u202e &lt; my_name-1")
    assert said == r"\<img src=x\> \[a\](http://x) \`b\` \*\*c\*\* \| \\x1b\[31m\\u202e \&lt; my_name-1"
