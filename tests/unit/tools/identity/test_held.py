"""What is not held is named; what a wider rule gives is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ops.__main__ import main
from tools.identity.held import missing
from tools.identity.rights import Rights, Rule


class Cluster:
    """Tells the same rules for every namespace."""

    def __init__(self, *rules: Mapping[str, Any]) -> None:
        self.rules = rules

    def own_rights(self, _: str) -> Sequence[Mapping[str, Any]]:
        return self.rules


NEEDED = Rights(
    namespaces={"sales-dev": [Rule("apps", ("deployments",), ("get", "patch"), ("entry",))]},
    cluster=[Rule("", ("namespaces",), ("list",))],
    granted={"sales-dev": [{"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}]},
)
ALL = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}


def lacking(*rules: Mapping[str, Any]) -> list[str]:
    kube: Any = Cluster(*rules)
    return missing(NEEDED, kube)


def test_nothing_held_is_everything_missing() -> None:
    assert lacking() == [
        "may not list namespaces in the cluster",
        "may not get deployments.apps entry in namespace sales-dev",
        "may not patch deployments.apps entry in namespace sales-dev",
        "may not get pods/log in namespace sales-dev",
    ]


def test_a_wider_rule_gives_a_narrower_right() -> None:
    assert lacking(ALL) == []


@pytest.mark.parametrize(
    ("change", "lacks"),
    [
        ({"apiGroups": ["batch"]}, 2),
        ({"resources": ["replicasets"]}, 2),
        ({"verbs": ["get"]}, 1),
        ({"resourceNames": ["other"]}, 2),
        ({"resourceNames": ["other", "entry"]}, 0),
        ({}, 0),
    ],
)
def test_each_part_of_a_rule_counts(change: dict[str, Any], lacks: int) -> None:
    rule = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"], **change}
    assert sum("deployments" in line for line in lacking(rule)) == lacks


def test_a_right_by_name_is_not_one_on_all() -> None:
    rule = {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["list"], "resourceNames": ["sales-dev"]}
    assert "may not list namespaces in the cluster" in lacking(rule)


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        (["--stack", "nope"], ["--stack"]),
        (["--stack", "../x", "--account", "a"], ["--account", "--stack"]),
        (["--stack", "dev", "--context", "a"], ["--context"]),
        (["--stack", "dev", "--check", "--out", "f"], ["--out"]),
        (["--stack", "dev", "--check", "--way", "store"], ["--check"]),
        (["--stack", "dev", "--check", "--way", "store-drift"], ["--check"]),
        (["--stack", "dev", "--way", "store", "--policy-config", "f"], ["--policy-config"]),
        (["--stack", "dev", "--way", "store", "--out", "/nowhere/f"], ["--out"]),
        (["--stack", "dev", "--way", "plan", "--policy-config", "/nowhere/f"], ["--policy-config"]),
        (["--stack", "dev", "--way", "plan", "--account", "a/b"], ["--account"]),
    ],
)
def test_bad_input_is_a_fault_each(words: list[str], paths: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identity", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert sorted(line.split(":")[0].strip() for line in said.err.splitlines()[1:]) == paths
