"""The table of kinds: each kind once, rules that there are, all that the program makes, and the page that shows it."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from policies.docs import table
from policies.judging.subject import Subject
from policies.manifests.kind_table import EVERY, kinds, known, refusals
from policies.manifests.refused_kinds import REFUSED
from policies.manifests.understood_kinds import FILES, LOOKS, UNDERSTOOD
from policies.pack import RULES
from tests.policy.support.sample import WORLD, violations

REPOSITORY = Path(__file__).parents[2]


def subject(group: str, kind: str) -> Subject:
    version = f"{group}/v1" if group else "v1"
    inputs = {"apiVersion": version, "kind": kind, "metadata": {"name": "a", "namespace": "team"}, "spec": {}}
    return Subject(resource_type=f"kubernetes:{version}:{kind}", name="a", inputs=inputs)


def made_by_the_program() -> set[tuple[str, str]]:
    """Group and kind of every call of the components that names both as plain text."""
    found: set[tuple[str, str]] = set()
    for path in (REPOSITORY / "components").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                named = {word.arg: word.value for word in node.keywords}
                values = [named.get("api_version"), named.get("kind")]
                values = values if None not in values else node.args[1:3]
                texts = [value.value for value in values if isinstance(value, ast.Constant)]
                if len(texts) == 2 and all(isinstance(text, str) for text in texts) and texts[1][:1].isupper():
                    found.add((texts[0].rpartition("/")[0], texts[1]))
    return found


def test_a_kind_has_one_row() -> None:
    rows = [
        *((group, name) for group, names, _ in (*UNDERSTOOD, *FILES) for name in names.split()),
        *((group, name) for groups, names, _, _ in REFUSED for group in groups.split() for name in names.split()),
    ]
    assert [row for row, count in Counter(rows).items() if count > 1] == []
    assert set(rows) == set(kinds())


def test_what_is_looked_at_has_a_name() -> None:
    assert {look for _, _, looks in (*UNDERSTOOD, *FILES) for look in looks} <= set(LOOKS)


def test_the_rules_that_refuse_are_rules_and_do() -> None:
    rules = {rule.id: rule for rule in RULES}
    silent = []
    for (group, kind), entry in kinds().items():
        for name in entry.rules:
            refused = subject(group, "Novelty" if kind == EVERY else kind)
            said = violations(rules[name], refused.resource_type, refused.inputs, world=WORLD)
            if not any(entry.why in text for text in said):
                silent.append((name, group, kind))
    assert silent == []


def test_a_kind_of_its_own_goes_before_its_group() -> None:
    assert known("gateway.networking.k8s.io", "HTTPRoute") is not known("gateway.networking.k8s.io", "Novelty")
    assert list(refusals(subject("gateway.networking.k8s.io", "HTTPRoute"), "entry-guarded")) == []
    assert len(list(refusals(subject("gateway.networking.k8s.io", "Novelty"), "entry-guarded"))) == 1
    assert known("example.com", "Gadget") is None


def test_all_that_the_program_makes_is_understood() -> None:
    made = made_by_the_program()
    assert len(made) >= 15
    assert {entry for entry in made if (found := known(*entry)) is None or found.rules or found.is_file} == set()


@pytest.mark.parametrize("row", UNDERSTOOD, ids=lambda row: f"{row[0]} {row[1]}")
def test_the_page_shows_the_table(row: tuple[str, str, tuple[str, ...]]) -> None:
    group, names, looks = row
    assert f"| {group or 'core'} | {', '.join(names.split())} | {', '.join(looks)} |" in table()
