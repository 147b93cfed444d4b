"""The check of other versions: which commit is beside, what differs, what is said of data, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.upgrade.__main__ import main
from tools.upgrade.base import base_of
from tools.upgrade.check import Environment, Refusal, Row, faults, refusals, rows, unsettled
from tools.upgrade.errors import UpgradeError
from tools.upgrade.report import NOT_JUDGED, lines
from tools.upgrade.settled import resources
from tools.upgrade.sides import LOCK, Difference, Side, differences, side_of

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def git(folder: Path, *words: str) -> str:
    names = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *names, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "pin").write_text("1")
    git(folder, "add", "pin")
    git(folder, "commit", "-qm", "first")
    git(folder, "checkout", "-qb", "change")
    (folder / "pin").write_text("2")
    git(folder, "commit", "-qam", "second")
    return folder


def test_without_a_name_the_base_is_where_the_branch_left_main(repository: Path, tmp_path: Path) -> None:
    before = git(repository, "status", "--porcelain", "--branch"), git(repository, "worktree", "list")
    base = base_of(repository, "", tmp_path / "folder")
    assert base.commit == git(repository, "rev-parse", "main")
    assert (base.tree / "pin").read_text() == "1"
    assert base_of(repository, "change", tmp_path / "folder").commit == git(repository, "rev-parse", "change")
    assert (git(repository, "status", "--porcelain", "--branch"), git(repository, "worktree", "list")) == before


@pytest.mark.parametrize("ref", ["nowhere", "--upload-pack=x", "-h", "main^{tree}", "\x1b[31m"])
def test_what_is_no_commit_is_said_in_one_line(ref: str, repository: Path, tmp_path: Path) -> None:
    with pytest.raises(UpgradeError) as caught:
        base_of(repository, ref, tmp_path / "folder")
    assert str(caught.value) == (
        f"WITH={ref!r}: is no commit here; rule: a branch, tag or commit; example: make upgrade-check WITH=main"
    )
    assert not (tmp_path / "folder").exists()


def test_a_repository_without_main_asks_for_a_name(repository: Path, tmp_path: Path) -> None:
    git(repository, "branch", "-m", "main", "trunk")
    with pytest.raises(UpgradeError, match="neither origin/main nor main"):
        base_of(repository, "", tmp_path / "folder")


def test_a_check_that_could_not_be_made_ends_with_two(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--with", "nowhere", "--directory", str(tmp_path)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "upgrade-check: WITH='nowhere': is no commit here; rule: a branch, tag or commit; "
        "example: make upgrade-check WITH=main"
    ]
    assert main(["--stack", "test", "--directory", str(tmp_path)]) == 2
    assert "there is no Pulumi.test.yaml; known: dev, prod" in capsys.readouterr().err


def side(**changes: Any) -> Side:
    said: dict[str, Any] = {
        "name": "base",
        "venv": Path("/venv"),
        "tools": {"pulumi": ("3.259.0", "aa"), "kserve": ("0.20.0", "bb")},
        "modules": {"example.com/crds": "v1.0.0"},
        "packages": {"pulumi": "3.259.0", "boto3": "1.40.0"},
        "environment": {},
        "crds": Path("/crds"),
    }
    return Side(**{**said, **changes})


def test_every_pin_that_differs_is_named_once() -> None:
    assert list(differences(side(), side())) == []
    work = side(
        tools={"pulumi": ("3.259.0", "cc"), "kserve": ("0.21.0", "dd"), "more": ("1", "ee")},
        modules={"example.com/crds": "v2.0.0"},
        packages={"pulumi": "3.260.0"},
    )
    assert list(differences(side(), work)) == [
        Difference(what="kserve", base="0.20.0", work="0.21.0"),
        Difference(what="more", base="", work="1"),
        Difference(what="pulumi", base="3.259.0", work="3.259.0, built of other modules"),
        Difference(what="CRDs of example.com/crds", base="v1.0.0", work="v2.0.0"),
        Difference(what="package boto3", base="1.40.0", work=""),
        Difference(what="package pulumi", base="3.259.0", work="3.260.0"),
    ]


def step(operation: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    state = {"type": kind, "urn": f"urn:pulumi:dev::kitchen::{kind}::{name}", "inputs": more.pop("inputs", {})}
    return {"op": operation, "urn": state["urn"], "newState": state, **more}


def test_a_commit_that_pins_nothing_is_no_answer(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Its code must not be this work tree's, which lies on the path too."""
    (tmp_path / LOCK).write_text("")
    with pytest.raises(UpgradeError, match="what the base pins cannot be had, for the reason above"):
        side_of("base", tmp_path, Path(sys.prefix))
    assert capfd.readouterr().err.splitlines() == ["ImportError: it has no tools/toolchain, so it pins no versions"]


CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"


def test_what_loses_data_comes_first_and_parts_of_a_replacement_are_one() -> None:
    found = list(
        rows(
            [
                step("same", "kubernetes:core/v1:Service", "same"),
                step("update", "kubernetes:core/v1:ConfigMap", "list", detailedDiff={"data": {}}),
                step("create-replacement", CLAIM, "models"),
                step("replace", CLAIM, "models", inputs={"metadata": {"name": "models", "namespace": "sales"}}),
                step("delete-replaced", CLAIM, "models"),
                step("update", "kitchen:tenancy:Tenant", "sales"),
                step("update", "pulumi:providers:kubernetes", "cluster", diffReasons=["version"]),
                step("delete", "pulumi-python:dynamic/object_store:S3Bucket", "lora", inputs={"bucket": "dev-lora"}),
            ]
        )
    )
    assert [(row.operation, row.kind, row.name, row.loses_data) for row in found] == [
        ("replace", "PersistentVolumeClaim", "sales/models", True),
        ("delete", "S3Bucket", "dev-lora", True),
        ("update", "ConfigMap", "list", False),
        ("update", "kubernetes", "cluster", False),
    ]
    assert [row.properties for row in found] == [(), (), ("data",), ("version",)]


def row(operation: str, *, holds_data: bool = False) -> Row:
    return Row(
        operation=operation, kind="Namespace", name="sales", properties=("a", "b", "c", "d"), holds_data=holds_data
    )


REFUSED = Refusal(object="InferenceService sales/summary", base=(), work=("$.spec: unknown",))


@pytest.mark.parametrize(
    ("environment", "is_bad"),
    [
        (Environment(name="dev", resources=1), False),
        (Environment(name="dev", resources=1, rows=(row("replace"),)), False),
        (Environment(name="dev", resources=1, rows=(row("update", holds_data=True),)), False),
        (Environment(name="dev", resources=1, rows=(row("replace", holds_data=True),)), True),
        (Environment(name="dev", resources=1, rows=(row("delete", holds_data=True),)), True),
        (Environment(name="dev", resources=1, refusals=(REFUSED,)), True),
        (Environment(name="dev", resources=1, refusals=(Refusal(object="x", base=("y",), work=("y",)),)), False),
        (Environment(name="dev", resources=1, failed="boom"), True),
    ],
)
def test_what_must_not_come_as_it_is(environment: Environment, *, is_bad: bool) -> None:
    assert environment.is_bad is is_bad
    assert json.loads(json.dumps(environment.as_json()))["is_bad"] is is_bad


def test_the_table_says_what_is_lost_and_what_was_not_judged() -> None:
    environment = Environment(
        name="prod", resources=9, rows=(row("replace", holds_data=True), row("update")), refusals=(REFUSED,), judged=4,
        restless=("odd",),
    )  # fmt: skip
    text = list(lines("base 0123", [Difference(what="pulumi", base="1", work="")], [environment]))
    assert text == [
        "VERSIONS  BASE 0123  WORK TREE",
        "pulumi    1          -",
        "",
        "STACK  WOULD BE  OBJECT           DATA  PROPERTIES",
        "prod   REPLACED  Namespace sales  LOST  a, b, c + 1 more",
        "prod   updated   Namespace sales        a, b, c + 1 more",
        "",
        "prod: 1 to replace, 1 to update, 6 resources as they are",
        "  DATA AT RISK: sales",
        "  not compared, as the base changes them with every run: odd",
        "  4 objects of CRDs held against their schemas: 1 refused by the work tree's alone",
        "    InferenceService sales/summary: $.spec: unknown",
        NOT_JUDGED,
    ]


def test_a_settled_state_has_no_unknown_values_and_its_provider_by_name() -> None:
    provider = "urn:pulumi:dev::kitchen::pulumi:providers:kubernetes::cluster"
    steps = [
        {"op": "create", "newState": {"urn": provider, "type": "pulumi:providers:kubernetes", "custom": True,
                                      "inputs": {"version": "4.25.0"}}},
        {"op": "create", "newState": {
            "urn": "urn:a", "type": "kubernetes:core/v1:Secret", "custom": True, "provider": f"{provider}::{UNKNOWN}",
            "inputs": {"metadata": {"name": "key", "namespace": "sales"}, "data": {"key": UNKNOWN, "user": "a"}}}},
        {"op": "create", "newState": {"urn": "urn:b", "type": "random:index/randomPassword:RandomPassword",
                                      "custom": True, "inputs": {"length": 30}, "outputs": {"result": UNKNOWN}}},
    ]  # fmt: skip
    made = resources(steps)
    assert UNKNOWN not in json.dumps(made)
    assert made[1]["provider"] == f"{provider}::settled"
    assert made[1]["id"] == "sales/key"
    assert made[1]["outputs"]["__inputs"] == made[1]["inputs"]
    assert "plaintext" in made[2]["outputs"]["result"]


CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: kitchens.example.com
spec:
  group: example.com
  names:
    kind: Kitchen
  versions:
  - name: v1
    served: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {type: integer}
  - name: v1alpha1
    served: false
    schema:
      openAPIV3Schema: {type: object}
"""


def test_an_object_is_held_against_the_crds_of_a_side(tmp_path: Path) -> None:
    (tmp_path / "crd.yaml").write_text(CRD)
    right = {"apiVersion": "example.com/v1", "kind": "Kitchen", "metadata": {"name": "a"}, "spec": {"size": 1}}
    assert faults(right, tmp_path) == ()
    assert faults({**right, "spec": {"size": "1"}}, tmp_path) == ("$.spec.size: '1' is not of type 'integer'",)
    assert "Additional properties" in faults({**right, "spec": {"more": 1}}, tmp_path)[0]
    for version in ("v1alpha1", "v2"):
        other = {**right, "apiVersion": f"example.com/{version}"}
        assert faults(other, tmp_path) == (f"example.com/{version} is not served",)
    assert faults({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}, tmp_path) == ()


def test_an_object_whose_kind_is_gone_from_the_crds_is_refused(tmp_path: Path) -> None:
    base, work = tmp_path / "base", tmp_path / "work"
    base.mkdir()
    work.mkdir()
    (base / "crd.yaml").write_text(CRD)
    each = {"apiVersion": "example.com/v1", "kind": "Kitchen", "metadata": {"name": "a"}, "spec": {"size": 1}}
    assert list(refusals([each], base, work)) == [
        Refusal(object="Kitchen a", base=(), work=("example.com/v1 is no longer among the CRDs",))
    ]


def steps(operations: list[str]) -> list[dict[str, Any]]:
    return [{"op": operation, "urn": "a"} for operation in operations]


@pytest.mark.parametrize(
    ("before", "after", "left_out"),
    [
        (["update"], ["update"], {"a"}),
        (["update"], ["same"], {"a"}),
        (["update"], ["replace"], set()),
        (["update"], ["delete"], set()),
        (["create-replacement", "replace"], ["create-replacement", "replace"], {"a"}),
        (["same"], ["replace"], set()),
    ],
)
def test_what_the_base_never_settles_hides_no_worse_change(
    before: list[str], after: list[str], left_out: set[str]
) -> None:
    assert unsettled(steps(before), steps(after)) == left_out
