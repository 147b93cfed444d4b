"""The reports of `kitchen policy check`: what they count, and the lines that they point at."""

from __future__ import annotations

import json
import os
import stat
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from policies.check.__main__ import main
from policies.pack import RULES, STACK_RULES
from policies.reading.places import places
from tests.policy.test_check import RULE, deployment, only_images
from tests.unit.support.exposition import samples

BAD = """\
# a comment

apiVersion: apps/v1
kind: Deployment
metadata:
  name: one
  namespace: team
spec:
  template:
    metadata:
      annotations:
        example.com/a.b: x
    spec:
      hostPID: true
      containers:
        - name: a
          securityContext:
            privileged: true
          image: nginx
        - {name: b,
           image: redis}
"""
LINES = {
    "spec.template.spec.hostPID": 14,
    "spec.template.spec.containers[0].image": 19,
    "spec.template.spec.containers[1].image": 21,
    "spec.template.spec.containers[0].securityContext.privileged": 18,
}


def sarif(capsys: pytest.CaptureFixture[str], *words: str) -> list[tuple[str, int]]:
    """Message and line of each result."""
    main([*words, "--output", "sarif"])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    return [
        (entry["message"]["text"], entry["locations"][0]["physicalLocation"]["region"]["startLine"])
        for entry in run["results"]
    ]


def test_regions_are_at_the_field_s_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text(BAD)
    found = sarif(capsys, str(tmp_path / "a.yaml"))
    for path, line in LINES.items():
        lines = {at for text, at in found if text.startswith(f"Deployment team/one: {path}: ")}
        assert lines == {line}, path
    assert {at for text, at in found if ": metadata.labels: " in text} == {5}


def test_they_are_the_file_s_lines_also_of_later_documents_and_of_items(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = "apiVersion: v1\nkind: List\nitems:\n" + "".join(
        f"- apiVersion: v1\n  kind: Pod\n  metadata: {{name: {name}}}\n  spec:\n    containers:\n    - image: nginx\n"
        for name in ("x", "y")
    )
    (tmp_path / "a.yaml").write_text(f"---\n{deployment('one', 'nginx')}---\n{items}---\n{deployment('two', 'nginx')}")
    assert sorted(at for _, at in sarif(capsys, str(tmp_path / "a.yaml"), *only_images(tmp_path))) == [5, 15, 21, 26]
    spread = json.dumps([{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "z"},
                          "spec": {"containers": [{"image": "nginx"}]}}][0], indent=1)  # fmt: skip
    (tmp_path / "b.json").write_text(f"{spread}\n{spread}")
    lines = [number for number, line in enumerate(f"{spread}\n{spread}".splitlines(), start=1) if "image" in line]
    assert [at for _, at in sarif(capsys, str(tmp_path / "b.json"), *only_images(tmp_path))] == lines


PLACES = {
    "a.b": 2,
    "a.c/d.e": 3,
    "a.c/d": 1,
    "a.list[1].x": 6,
    'a.list[1]["x"]: is bad': 6,
    "a.list[7].x": 4,
    "a.merged.b": 2,
    "a.again.again: text": 8,
    "nothing.there": 1,
    "": 1,
    "a": 1,
}


@pytest.mark.parametrize("path", PLACES)
def test_a_path_has_the_line_of_its_deepest_part_that_is_there(path: str) -> None:
    text = (
        "a: &a\n  b: 1\n  c/d.e: 2\n  list:\n  - y: 1\n  - x: 2\n"
        "  merged: {<<: {b: 3}}\n  again: {again: *x}\n".replace("*x", "1")
    )
    expected = 7 if path == "a.merged.b" else PLACES[path]
    assert places(text, 1).at(path).line == expected
    assert places(text, 11).at(path).line == expected + 10


def test_what_is_no_yaml_has_one_place() -> None:
    assert places('{"a":\t"\\ud83d"}', 3).at("a").line == 3


def junit(capsys: pytest.CaptureFixture[str], *words: str) -> ElementTree.Element:
    main([*words, "--output", "junit"])
    return ElementTree.fromstring(capsys.readouterr().out)  # noqa: S314 - written by this program


def counted(suite: ElementTree.Element) -> dict[str, int]:
    tags = Counter(entry.tag for entry in suite.iter())
    return {
        "tests": tags["testcase"],
        **{f"{tag}s": tags[tag] for tag in ("failure", "error")},
        "skipped": tags["skipped"],
    }


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("broken", [False, True])
def test_junit_counts_what_it_holds(
    whole: bool, broken: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text(BAD + ("---\na: [\n---\nb: {\n" if broken else ""))
    suite = junit(capsys, str(tmp_path / "a.yaml"), *(["--whole"] if whole else []))
    said = {key: int(suite.get(key, "")) for key in ("tests", "failures", "errors", "skipped")}
    assert said == counted(suite)
    assert said["tests"] == len(RULES) + len(STACK_RULES) + broken
    assert said["errors"] == broken
    assert said["skipped"] == (0 if whole else len(STACK_RULES))
    assert said["failures"] == sum(case.find("failure") is not None for case in suite.iter("testcase")) > 3
    for case in suite.iter("testcase"):
        assert sum(case.find(tag) is not None for tag in ("failure", "error", "skipped")) <= 1


def test_a_rule_that_was_not_asked_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text(BAD)
    suite = junit(capsys, str(tmp_path / "a.yaml"))
    skipped = {case.get("name") for case in suite.iter("testcase") if case.find("skipped") is not None}
    assert skipped == {rule.id for rule in STACK_RULES}


def test_junit_says_each_violation_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text(BAD)
    suite = junit(capsys, str(tmp_path / "a.yaml"), *only_images(tmp_path))
    (failure,) = suite.iter("failure")
    assert failure.get("message") == "2 violations"
    assert [line.split(": ")[0].rpartition(":")[2] for line in str(failure.text).splitlines()] == ["19", "21"]
    assert [case.get("name") for case in suite.iter("testcase")] == [RULE]


def test_numbers_are_those_of_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "shadow").write_text("of somebody else")
    file, settings = tmp_path / "kitchen.prom", tmp_path / "Pulumi.prod.yaml"
    file.symlink_to(tmp_path / "shadow")
    settings.write_text("config: {kitchen:environment: prod, kitchen:registry: registry.kitchen.example}")
    words = [str(tmp_path / "bad.yaml"), "--settings", str(settings), "--metrics", str(file)]
    old = os.umask(0o077)
    try:
        assert main([*words, "--output", "json"]) == 1
    finally:
        os.umask(old)
    assert (tmp_path / "shadow").read_text() == "of somebody else" and stat.S_IMODE(file.stat().st_mode) == 0o644
    assert not list(tmp_path.glob(".*"))
    found = Counter((one["rule"], one["level"]) for one in json.loads(capsys.readouterr().out)["violations"])
    told = samples(file)
    assert told.pop(("kitchen_policy_checked_timestamp_seconds", "prod")) > 0
    numbers = {(rule, level): value for (_, _, level, rule), value in told.items()}
    assert {key: value for key, value in numbers.items() if value} == found
    assert {rule for rule, _ in numbers} == {rule.id for rule in RULES}, "rules of a whole stack were not asked"
    file.write_text("old")
    (tmp_path / "bad.yaml").write_text("a: [")
    assert main(words) == 2
    assert file.read_text() == "old"
    (tmp_path / "bad.yaml").write_text(BAD)
    assert main([*words[:3], "--metrics", str(tmp_path / "nowhere" / "x.prom")]) == 2
    assert "cannot be written: No such file or directory" in capsys.readouterr().err
    assert main([words[0], "--metrics", str(file)]) == 2
    assert "--metrics needs --settings" in capsys.readouterr().err, "prod is nobody's environment by chance"
