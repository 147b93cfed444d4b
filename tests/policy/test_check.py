"""`kitchen policy check`: the rules over plain YAML, every kind of input, every form of report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from xml.etree import ElementTree

import pytest

from policies.check.__main__ import main
from policies.pack import RULES, STACK_RULES
from tests.policy.support.sample import PINNED

RULE = "images-pinned-by-digest"


def deployment(name: str, image: str) -> str:
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: team}}\n"
        f"spec: {{template: {{spec: {{containers: [{{name: app, image: '{image}'}}]}}}}}}\n"
    )


def only_images(folder: Path) -> list[str]:
    """A configuration in which the image rule alone is on, so that samples may be bad in every other way."""
    path = folder / "only-images.json"
    path.write_text(json.dumps({rule.id: "disabled" for rule in (*RULES, *STACK_RULES) if rule.id != RULE}))
    return ["--config", str(path)]


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    folder = tmp_path / "manifests"
    (folder / "deep").mkdir(parents=True)
    (folder / "good.yaml").write_text(deployment("good", PINNED))
    listed = {"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "in-list"},
         "spec": {"containers": [{"name": "a", "image": "nginx"}]}}]}  # fmt: skip
    (folder / "deep" / "list.json").write_text(json.dumps(listed))
    (folder / "two.yml").write_text("---\n" + deployment("one", PINNED) + "---\n\n" + deployment("two", "nginx:latest"))
    (folder / "notes.txt").write_text("not looked at")
    return folder


def test_every_object_of_a_folder_is_judged_with_file_and_line(
    manifests: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(manifests), *only_images(manifests.parent)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 3
    assert any(line.startswith(f"{manifests}/two.yml:11: mandatory: {RULE}: Deployment team/two: ") for line in said)
    assert any(f"deep/list.json:1: mandatory: {RULE}: Pod in-list: " in line for line in said)
    assert said[-1].startswith("4 objects, ")
    assert "2 mandatory and 0 advisory" in said[-1]


def test_good_objects_pass_from_standard_input(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ops", "policy", "check", "-", *only_images(tmp_path)],
        input=deployment("good", PINNED), text=True, capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "0 mandatory" in done.stdout


def test_reports_for_machines(manifests: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    options = [str(manifests), *only_images(tmp_path)]
    main([*options, "--output", "json"])
    content = json.loads(capsys.readouterr().out)
    assert {entry["object"] for entry in content["violations"]} == {"Deployment team/two", "Pod in-list"}
    main([*options, "--output", "sarif"])
    log = json.loads(capsys.readouterr().out)
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert [result["level"] for result in run["results"]] == ["error", "error"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == RULE
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] >= 1
    target = tmp_path / "junit.xml"
    assert main([*options, "--output", "junit", "--output-file", str(target)]) == 1
    suite = ElementTree.parse(target).getroot()  # noqa: S314 - written by this program
    assert suite.get("failures") == "1"
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failed == [RULE]


def test_what_cannot_be_printed_is_written_as_a_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "with space"
    folder.mkdir()
    (folder / "a.yaml").write_text(deployment('"a\\x01\\nb"', "nginx"))
    options = [str(folder), *only_images(tmp_path)]
    assert main([*options, "--output", "junit"]) == 1
    (failure,) = ElementTree.fromstring(capsys.readouterr().out).iter("failure")  # noqa: S314 - written by this program
    assert "Deployment team/a\\u0001\\u000ab: " in str(failure.text)
    main([*options, "--output", "sarif"])
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("/with%20space/a.yaml")
    main(options)
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize("content", ["", "---\n---\n# nothing\n"])
def test_nothing_to_judge_is_no_pass(content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.yaml").write_text(content)
    assert main([str(tmp_path / "empty.yaml")]) == 2
    assert "nothing to judge" in capsys.readouterr().err


def test_a_pipe_and_a_name_in_capitals_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "A.YAML").write_text(deployment("one", "nginx"))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(deployment("two", "nginx"),))
    writer.start()
    assert main([str(pipe), str(tmp_path / "folder"), *only_images(tmp_path)]) == 1
    writer.join()
    assert capsys.readouterr().out.splitlines()[-1].startswith("2 objects, ")


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)
MERGES = "a: &a {" + ", ".join(f"k{i}: x" for i in range(2000)) + "}\nb: [" + "{<<: *a}, " * 2000 + "]\n"
BAD: dict[str, tuple[bytes, str]] = {
    "not YAML": (b"a: [1, 2", "is no YAML that can be used"),
    "no object": (b"image: nginx\n", "is no Kubernetes object"),
    "a text": (b"just words\n", "is no Kubernetes object"),
    "key twice": (b"apiVersion: v1\nkind: Pod\nkind: Service\n", "the key 'kind' stands twice"),
    "bomb of aliases": (f"apiVersion: v1\nkind: Pod\n{BOMB}".encode(), "with its aliases written out"),
    "bomb of merges": (f"apiVersion: v1\nkind: Pod\n{MERGES}".encode(), "with its aliases written out"),
    "alias of itself": (b"apiVersion: v1\nkind: Pod\nspec: &s {again: *s}\n", "inside the value that it names"),
    "tag of Python": (b"!!python/object/apply:os.system ['true']\n", "is not known; rule: no tags in manifests"),
    "not text": (b"a: \xc3\x28", "is not UTF-8 text"),
    "half a character": (b"\xff\xfe\x00", "is not UTF-16 text"),
    "half a pair": (b"\xff\xfe\x3d\xd8a\x00", "is not UTF-16 text"),
    "no number of JSON": (b"apiVersion: v1\nkind: Pod\nspec: .nan\n", ".nan is no number of JSON"),
    "deep": (b"[" * 20000 + b"]" * 20000, "nested too deeply"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_read_is_one_message_and_the_rest_is_judged(case: str, tmp_path: Path) -> None:
    raw, expected = BAD[case]
    (tmp_path / "bad.yaml").write_bytes(raw)
    (tmp_path / "other.yaml").write_text(deployment("other", "nginx:latest"))
    done = subprocess.run(
        [sys.executable, "-m", "policies.check", str(tmp_path / "bad.yaml"), str(tmp_path / "other.yaml"),
         *only_images(tmp_path)],
        capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("error: ") == 1
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert "Deployment team/other" in done.stdout


def test_a_file_of_100_mb_is_refused_unread(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (tmp_path / "big.yaml").open("wb") as file:
        file.truncate(100_000_000)
    assert main([str(tmp_path / "big.yaml")]) == 2
    assert "rule: at most 64 MiB a file; split it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "must be an object of rules"),
        ('{"no-such-rule": "advisory"}', "no-such-rule: unknown rule; known: all, "),
        (f'{{"{RULE}": "lenient"}}', "rule: one of advisory, mandatory, remediate, disabled"),
        (f'{{"{RULE}": {{"colour": 1}}}}', "unknown property; known: enforcementLevel"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_told(
    content: str, expected: str, manifests: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text(content)
    assert main([str(manifests), "--config", str(tmp_path / "config.json")]) == 2
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize(("said", "status"), [("3", 0), ("'3'", 0), ("1", 1), ("'1'", 1)])
def test_a_settings_file_that_the_engine_has_written_means_the_same(said: str, status: int, tmp_path: Path) -> None:
    """The engine writes plain values back as text."""
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(f"config: {{kitchen:environment: dev, kitchen:phase: {said}}}\n")
    service = "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: a, namespace: team}\n"
    (tmp_path / "a.yaml").write_text(service + "spec: {predictor: {minReplicas: 1}}\n")
    only = tmp_path / "only.json"
    rules = (rule.id for rule in (*RULES, *STACK_RULES))
    only.write_text(json.dumps({rule: "disabled" for rule in rules if rule != "phases-not-mixed"}))
    assert main([str(tmp_path / "a.yaml"), "--settings", str(path), "--config", str(only)]) == status


def settings(path: Path, expires: str, environment: str = "prod") -> list[str]:
    path.write_text(
        f"config:\n  kitchen:environment: {environment}\n  kitchen:exemptions:\n"
        f"  - {{rule: {RULE}, object: 'Deployment team/tw*', reason: moves on Friday, approver: security, "
        f"expires: '{expires}'}}\n"
    )
    return ["--settings", str(path)]


def test_an_exemption_lets_one_object_through_and_is_printed(
    manifests: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [str(manifests / "two.yml"), *only_images(tmp_path)]
    assert main([*options, *settings(tmp_path / "Pulumi.prod.yaml", "2999-12-31")]) == 0
    said = capsys.readouterr().out
    assert "exempted: images-pinned-by-digest: Deployment team/tw* until 2999-12-31: moves on Friday" in said
    assert main([*options, *settings(tmp_path / "Pulumi.prod.yaml", "2020-01-01")]) == 1
    assert "an exemption expired on 2020-01-01" in capsys.readouterr().out
    assert main([*options, *settings(tmp_path / "Pulumi.prod.yaml", "soon")]) == 2
    assert "'soon' is no date; example: '2026-12-31'" in capsys.readouterr().err
