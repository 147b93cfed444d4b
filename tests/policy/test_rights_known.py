"""The table of understood rights: its rows can be read, none hides another, and all of Kubernetes' kinds are in it."""

from __future__ import annotations

from collections import Counter

import pytest

from policies.manifests.namespace_places import Place
from policies.manifests.rights_closed import Right, closed
from policies.manifests.rights_known import BEFORE, ROWS, Row
from policies.manifests.rights_told import rights_told
from policies.manifests.understood_kinds import UNDERSTOOD

PAGE = list(rights_told())
FILES = ("kustomize.config.k8s.io", "helm.sh")
OF_GROUPS = [(group, names.split()[0]) for group, names, _ in UNDERSTOOD if "." in group and group not in FILES]


def plural(kind: str) -> str:
    name = kind.lower()
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}es" if name.endswith("s") else f"{name}s"


def right(group: str, resource: str, place: Place = Place.CLUSTER) -> Right:
    return Right(groups=(group,), resource=resource, names=(), place=place)


def test_a_row_stands_once() -> None:
    found = Counter(
        (group, resource, verb)
        for groups, resources, verbs, _, _ in ROWS
        for group in groups.split(" ")
        for resource in resources.split()
        for verb in verbs.split()
    )
    assert [entry for entry, count in found.items() if count > 1] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]}"[:60])
def test_a_row_says_why_unless_it_opens_nothing(row: Row) -> None:
    _, _, _, since, why = row
    assert (why in ("", BEFORE)) == (since is Place.NOWHERE)


@pytest.mark.parametrize(("group", "kind"), OF_GROUPS, ids=str)
def test_the_group_of_an_understood_kind_is_in_the_table(group: str, kind: str) -> None:
    said = closed(right(group, plural(kind)), ["create"])
    assert said is None or "no such right" not in said


@pytest.mark.parametrize("group", ["", "apps", "batch", "networking.k8s.io", "novelty.k8s.io", "acme.test"])
def test_what_stands_nowhere_is_refused_by_name(group: str) -> None:
    assert "no such right" in str(closed(right(group, "novelties"), ["create"]))
    assert closed(right(group, "novelties", Place.OTHER), ["get", "list", "watch"]) is None
    assert "no such right" in str(closed(right(group, "novelties/enter"), ["get"]))


@pytest.mark.parametrize(("group", "passes"), [("apps", True), ("tekton.dev", True), ("acme.test", False)])
def test_for_all_namespaces_those_groups_are_read_that_are_known(group: str, passes: bool) -> None:
    assert (closed(right(group, "novelties", Place.CLUSTER), ["get", "list"]) is None) == passes


def test_a_family_of_groups_has_one_row_for_all() -> None:
    assert "configures" in str(closed(right("novelty.openshift.io", "novelties", Place.TENANT), ["patch"]))
    assert closed(right("route.openshift.io", "routes", Place.TENANT), ["patch"]) is None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]}"[:60])
def test_the_page_shows_a_row(row: Row) -> None:
    _, resources, _, _, why = row
    names = ", ".join(f"`{name}`" if name == "*" else name for name in resources.split())
    assert any(f"| {names} |" in line and (why or "it opens nothing") in line for line in PAGE)


def test_the_page_tells_where_a_right_is_too_much() -> None:
    told = next(line for line in PAGE if line.startswith("| apps, extensions | daemonsets"))
    assert "| all that write | one that is no tenant's |" in told
