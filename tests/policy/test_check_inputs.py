"""`kitchen policy check`: which files are looked at, what is passed over, and that one fault hides nothing else."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from policies.check import __main__ as command
from policies.check.__main__ import main
from policies.judging.rule import Case, Rule
from policies.judging.stack_rule import StackCase
from policies.pack import RULES, STACK_RULES
from policies.reading import stream
from policies.reading.places import places
from tests.policy.test_check import RULE, deployment, only_images

SECRET = "hunter2hunter2"
NO_MANIFESTS = {
    "values.yaml": "image: nginx\nreplicas: 1\n",
    "Chart.yaml": "apiVersion: v2\nname: chart\nversion: 0.1.0\n",
    "ci/pipeline.yaml": "on: push\njobs: {build: {steps: [{run: make}]}}\n",
    "ci/gitlab-ci.yml": "build:\n  script: !reference [.setup, script]\n",
    "ci/drone.yml": "kind: pipeline\nsteps: [{image: golang}]\n",
    "playbook.yml": "- hosts: all\n  tasks: []\n",
    "package.json": '{"name": "x", "version": "1.0.0"}',
    "words.yaml": "just words\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One bad manifest among files that are none."""
    path = tmp_path / "in"
    for name, text in {**NO_MANIFESTS, "deployment.yaml": deployment("one", "nginx")}.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    status = main([*words, "--output", "json"])
    content: dict[str, Any] = json.loads(capsys.readouterr().out)
    return status, content


def test_what_is_no_manifest_is_a_fault_with_a_way_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, content = told(capsys, str(folder), *only_images(folder.parent))
    assert status == 2
    assert len(content["faults"]) == len(NO_MANIFESTS)
    assert sum("what is no manifest: --lenient or --exclude" in line for line in content["faults"]) == 7
    assert [entry["object"] for entry in content["violations"]] == ["Deployment team/one"]


def test_lenient_passes_it_over_and_names_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = [str(folder), *only_images(folder.parent), "--lenient"]
    status, content = told(capsys, *options)
    assert status == 1
    assert content["faults"] == []
    assert {line.split(":")[0] for line in content["passedOver"]} == {str(folder / name) for name in NO_MANIFESTS}
    assert main(options) == 1
    said = capsys.readouterr().out
    assert f"passed over: {folder}/values.yaml:1: keys image, replicas: no Kubernetes object" in said
    assert ", 8 passed over" in said.splitlines()[-1]


UNREADABLE = {
    "a manifest with a tag": "apiVersion: v1\nkind: Pod\nspec: !x {}\n",
    "a manifest with a key twice": "kind: Pod\napiVersion: v1\nkind: Service\n",
    "a manifest whose kind hides behind a tag": "apiVersion: v1\n!x kind: Pod\n",
    "a manifest whose kind is bytes": "apiVersion: v1\n!!binary a2luZA==: Pod\nspec: .nan\n",
    "a list with a manifest": "- apiVersion: v1\n  kind: Pod\n- other: {}\n",
    "a template": "{{- if .Values.on }}\napiVersion: v1\nkind: Pod\n{{- end }}\n",
    "a text that is no YAML": "a: [\n",
    "an item of a list": "apiVersion: v1\nkind: List\nitems: [{a: b}]\n",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_lenient_passes_over_nothing_that_may_be_a_manifest(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text(UNREADABLE[name])
    status, content = told(capsys, str(tmp_path / "a.yaml"), "--lenient")
    assert status == 2
    assert len(content["faults"]) == 1
    assert content["passedOver"] == []


def test_nothing_but_other_files_is_no_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "values.yaml").write_text("a: 1\n")
    assert main([str(tmp_path), "--lenient"]) == 2
    assert "nothing to judge" in capsys.readouterr().err
    assert main([str(tmp_path), "--exclude", "*"]) == 2
    assert "nothing to judge" in capsys.readouterr().err


PATTERNS = {
    "a name": (["values.yaml", "Chart.yaml", "*.json", "words.yaml", "playbook.yml", "ci"], 8),
    "a folder": (["ci"], 3),
    "a folder with everything in it": (["ci/*"], 3),
    "a path": (["ci/drone.yml"], 1),
    "a name anywhere": (["drone.yml"], 1),
    "a path from where one stands": (["*/in/ci/*"], 3),
    "an ending": (["*.yml"], 3),
    "nothing": (["other.yaml"], 0),
    "a part of a name": (["value"], 0),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_what_a_pattern_excludes(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    patterns, excluded = PATTERNS[name]
    words = [word for pattern in patterns for word in ("--exclude", pattern)]
    status, content = told(capsys, str(folder), *only_images(folder.parent), *words)
    assert content["excluded"] == excluded
    assert len(content["faults"]) == len(NO_MANIFESTS) - excluded
    assert status == (1 if excluded == len(NO_MANIFESTS) else 2)


def test_a_pattern_that_excludes_nothing_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(folder), "--lenient", "--exclude", "valeus.yaml", "--exclude", "values.yaml"])
    said = capsys.readouterr()
    assert said.err == "note: --exclude valeus.yaml: nothing has this name or path\n"
    assert ", 1 files excluded" in said.out.splitlines()[-1]


def test_a_file_that_is_given_can_be_excluded_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(path) for path in sorted(folder.rglob("*")) if path.is_file()]
    _, content = told(capsys, *files, "--exclude", "values.yaml", "--exclude", "*/ci/*")
    assert content["excluded"] == 4


def test_what_a_folder_holds_and_nobody_can_read_is_a_fault(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "gone.yaml").symlink_to(folder / "nowhere.yaml")
    (folder / "pipe.yaml").symlink_to("/dev/null")
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("/ci"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    status, content = told(capsys, str(folder), "--lenient")
    assert status == 2
    assert sorted(content["faults"]) == [
        f"{folder}/ci: cannot be read: Permission denied",
        f"{folder}/gone.yaml: cannot be read: No such file or directory",
    ]


def test_many_findings_of_one_file_read_its_lines_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    monkeypatch.setattr(stream, "places", lambda *words: calls.append(words) or places(*words))
    items = [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"p{number}"},
              "spec": {"containers": [{"image": "nginx"}]}} for number in range(50)]  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=1))
    _, content = told(capsys, str(tmp_path / "a.json"), *only_images(tmp_path))
    assert len({entry["line"] for entry in content["violations"]}) == 50
    assert len(calls) == 1


def test_a_later_document_is_judged_although_an_earlier_one_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = [
        "a: [",
        deployment("one", "nginx"),
        "kind: Pod\n",
        "apiVersion: v1\nkind: Pod\nkind: Pod",
        deployment("two", "nginx"),
    ]
    (tmp_path / "a.yaml").write_text("\n---\n".join(parts))
    status, content = told(capsys, str(tmp_path / "a.yaml"), *only_images(tmp_path))
    assert status == 2
    assert [entry["object"] for entry in content["violations"]] == ["Deployment team/one", "Deployment team/two"]
    assert [line.split(":")[1] for line in content["faults"]] == ["2", "9", "14"]


def test_objects_of_json_in_a_row_are_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def written(name: str) -> str:
        spec = {"template": {"spec": {"containers": [{"name": "a", "image": "nginx"}]}}}
        return json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec})

    (tmp_path / "a.json").write_text(f"{written('one')}{written('two')}\n{written('three')}\n")
    status, content = told(capsys, str(tmp_path / "a.json"), *only_images(tmp_path))
    assert status == 1
    assert [(entry["object"], entry["line"]) for entry in content["violations"]] == [
        ("Deployment one", 1), ("Deployment two", 1), ("Deployment three", 2)]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_text_is_read_as_kubectl_reads_its_bytes(
    encoding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = deployment("one", "nginx") + '---\n{"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "é😀"}}\n'
    mark = "\ufeff" if encoding.endswith("be") else ""
    (tmp_path / "a.yaml").write_bytes((mark + text).encode(encoding))
    status, content = told(capsys, str(tmp_path / "a.yaml"), *only_images(tmp_path))
    assert status == 1
    assert [(entry["object"], entry["line"]) for entry in content["violations"]] == [("Deployment team/one", 4)]
    words = ["kubectl", "annotate", "--local", "--output", "jsonpath={.metadata.name} ", "--filename", "a.yaml", "a=b"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.decode().split() == ["one", "é😀"]
    assert content["objects"] == 2


def test_one_item_that_is_no_object_hides_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
                       "spec": {"containers": [{"image": "nginx"}]}})  # fmt: skip
    (tmp_path / "a.yaml").write_text(f"apiVersion: v1\nkind: List\nitems:\n- {{a: b}}\n- {good}\n")
    status, content = told(capsys, str(tmp_path / "a.yaml"), *only_images(tmp_path))
    assert status == 2
    assert "items[0]: keys a: is no Kubernetes object" in content["faults"][0]
    assert [(entry["object"], entry["line"]) for entry in content["violations"]] == [("Pod p", 5)]


def test_a_kustomization_is_known_by_the_name_of_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("kustomization.yaml", "kustomization.yml", "Kustomization"):
        (tmp_path / name).write_text("resources: [https://example.com/base]\n")
    _, content = told(capsys, str(tmp_path))
    assert content["faults"] == []
    assert {entry["object"] for entry in content["violations"]} == {"Kustomization (unnamed)"}


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Rule:
    """The pack with a rule in its middle that raises on purpose for one object, and one about the whole that does."""

    def judge(case: Case) -> Iterator[str]:
        if case.subject.object_name == "two":
            raise KeyError(SECRET)
        yield from ()

    def judge_all(case: StackCase) -> Iterator[tuple[str, str]]:
        raise ValueError(SECRET)
        yield

    bad: Rule = dataclasses.replace(RULES[2], judge=judge)
    monkeypatch.setattr(command, "RULES", (*RULES[:2], bad, *RULES[3:]))
    monkeypatch.setattr(
        command, "STACK_RULES", (dataclasses.replace(STACK_RULES[0], judge=judge_all), *STACK_RULES[1:])
    )
    return bad


def test_a_rule_that_fails_is_named_with_its_object_and_nothing_else_is_lost(
    failing: Rule, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text("---\n".join(deployment(name, "nginx") for name in ("one", "two", "three")))
    assert main([str(tmp_path / "a.yaml")]) == 2
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert line.startswith(
        f"error: {tmp_path}/a.yaml:6: Deployment team/two: the rule {failing.id} cannot judge it: KeyError"
    )
    assert SECRET not in said.err + said.out
    for name in ("one", "two", "three"):
        assert f"mandatory: {RULE}: Deployment team/{name}: " in said.out
        assert f"mandatory: pod-security-restricted: Deployment team/{name}: " in said.out
    assert said.out.splitlines()[-1].endswith(", 1 failures of rules")


def test_every_form_of_report_has_the_failure(
    failing: Rule, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text(deployment("two", "nginx"))
    options = [str(tmp_path / "a.yaml"), "--whole"]
    _, content = told(capsys, *options)
    one, whole = content["failures"]
    assert f"Deployment team/two: the rule {failing.id} cannot judge it" in one
    assert whole.startswith(f"the stack: the rule {STACK_RULES[0].id} cannot judge it: ValueError at ")
    main([*options, "--output", "sarif"])
    (invocation,) = json.loads(capsys.readouterr().out)["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [entry["message"]["text"] for entry in invocation["toolExecutionNotifications"]] == [one, whole]
    main([*options, "--output", "junit"])
    suite = ElementTree.fromstring(capsys.readouterr().out)  # noqa: S314 - written by this program
    (error,) = suite.iter("error")
    assert error.text == f"{one}\n{whole}"


def test_a_state_that_is_nested_too_deeply_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deep = '{"a":' * 700 + "1" + "}" * 700
    resource = '{"urn": "urn:pulumi:dev::p::t::n", "type": "kubernetes:core/v1:Pod", "inputs": %s}'
    (tmp_path / "state.json").write_text(f'{{"deployment": {{"resources": [{resource % deep}]}}}}')
    assert main([str(tmp_path / "state.json"), "--state"]) == 2
    said = capsys.readouterr().err
    assert "nested too deeply to be read" in said
    assert len(said.splitlines()) == 1
