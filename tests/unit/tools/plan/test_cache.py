"""What is known of a base: by what it comes from, and never half of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.engine.outcome import Message, Outcome, Violation
from tools.plan.cache import BaseCache
from tools.plan.goal import Goal
from tools.plan.planned import planned


def goal() -> Goal:
    outcome = Outcome(status=0, is_complete=True)
    outcome.messages = [Message(severity="warning", text="w"), Message(severity="info", text="i")]
    outcome.violations = [Violation(policy="p", level="advisory", urn="u", text="t")]
    return Goal(after={"u": planned({"inputs": {"a": [1]}}, "t:a:B", "u::n")}, outcome=outcome)


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    cache = BaseCache(tmp_path / "cache")
    assert cache.read("dev", "k") is None
    cache.write("dev", "k", goal())
    found = cache.read("dev", "k")
    assert found is not None
    assert found.after == goal().after
    assert (found.ended, found.judged) == (True, True)
    assert [one.text for one in found.outcome.messages] == ["w"]
    assert found.outcome.violations == goal().outcome.violations
    assert cache.read("prod", "k") is None
    assert cache.read("dev", "other") is None
    (file,) = (tmp_path / "cache").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_no_pack_has_seen_is_known_as_that(tmp_path: Path) -> None:
    cache, one = BaseCache(tmp_path), goal()
    one.judged = False
    cache.write("dev", "k", one)
    found = cache.read("dev", "k")
    assert found is not None
    assert not found.judged


ODD = '{"version": 3, "status": 0, "judged": true, "resources": {"u": %s}, "messages": [], "violations": []}'
FORM = json.dumps(planned({"inputs": {"a": [1]}}, "t:a:B", "u::n").as_json())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 3}',
        '{"version": 99}',
        ODD % "{}",
        ODD % "1",
        ODD % '{"images": 1}',
        ODD % FORM.replace('"images": []', '"images": "ab"'),
        ODD % FORM.replace('"leaves": {', '"leaves": {"x": 1, '),
        ODD % FORM.replace('"pods": {}', '"pods": null'),
        ODD % FORM.replace('"protected": false', '"protected": "no"'),
        (ODD % FORM).replace('"violations": []', '"violations": [{"policy": 1}]'),
        (ODD % FORM).replace('"status": 0', '"status": 1'),
        (ODD % FORM).replace('"judged": true', '"judged": 1'),
        (ODD % FORM).replace('"judged": true, ', ""),
        (ODD % FORM).replace('"version": 3', '"version": 2'),
    ],
)
def test_a_damaged_file_is_not_known(tmp_path: Path, text: str) -> None:
    cache = BaseCache(tmp_path)
    cache.write("dev", "k", goal())
    (file,) = tmp_path.iterdir()
    file.write_text(text)
    assert cache.read("dev", "k") is None
    cache.write("dev", "k", goal())
    assert cache.read("dev", "k") is not None


def test_what_is_well_formed_is_known(tmp_path: Path) -> None:
    cache = BaseCache(tmp_path)
    cache.write("dev", "k", goal())
    (file,) = tmp_path.iterdir()
    file.write_text(ODD % FORM)
    assert cache.read("dev", "k") is not None


def test_the_newest_are_kept(tmp_path: Path) -> None:
    cache = BaseCache(tmp_path)
    for number in range(20):
        cache.write("dev", f"key-{number}", goal())
    assert len(list(tmp_path.iterdir())) == 16
    assert cache.read("dev", "key-19") is not None
