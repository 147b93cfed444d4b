"""Docs: generated references are up to date, and what they tell people to type exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from policies.docs import table as policy_table
from tools.docs import DOCS, configuration
from tools.local.workspace import REPOSITORY

TEXTS = sorted([*REPOSITORY.glob("*.md"), *DOCS.rglob("*.md")])


def test_the_configuration_reference_is_what_the_schemas_say() -> None:
    assert (DOCS / "configuration.md").read_text() == configuration(), "run `make docs`"


def test_the_policy_table_is_what_the_pack_says() -> None:
    assert (DOCS / "policies.md").read_text() == policy_table(), "run `make docs`"


def test_every_make_target_in_the_docs_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*)(?=[ a-z-]*:)", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    targets |= {f"test-{tier}" for tier in ("unit", "policy", "entry", "monitoring", "engine", "cluster")}
    named = {
        (path.name, target)
        for path in TEXTS
        for target in re.findall(r"(?:`|^|\$ )make ([a-z][a-z-]*)", path.read_text(), re.MULTILINE)
    }
    assert {entry for entry in named if entry[1] not in targets} == set()
    assert ("README.md", "up") in named


def test_every_relative_link_leads_somewhere() -> None:
    broken = [
        f"{path.relative_to(REPOSITORY)} -> {link}"
        for path in TEXTS
        for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", re.sub(r"`[^`\n]*`", "", path.read_text()))
        if not (path.parent / link).exists()
    ]
    assert broken == []


def test_every_anchor_is_a_heading() -> None:
    broken = [
        f"{path.relative_to(REPOSITORY)} -> {link}"
        for path in TEXTS
        for link in re.findall(r"\]\((?!https?://)([^)\s]*#[^)\s]+)\)", re.sub(r"`[^`\n]*`", "", path.read_text()))
        if link.partition("#")[2] not in anchors((path.parent / link.partition("#")[0]) if link[0] != "#" else path)
    ]
    assert broken == []


def anchors(path: Path) -> set[str]:
    """Anchors of a page's headings, as forges make them: lower case, hyphens for spaces, no other signs."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    "module", sorted({m for path in TEXTS for m in re.findall(r"python -m ([a-z][a-z._]*)", path.read_text())})
)
def test_every_command_in_the_docs_starts(module: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, "--help"], cwd=REPOSITORY, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def test_make_help_lists_every_target() -> None:
    text = (REPOSITORY / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    done = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert [line.split()[0] for line in done.stdout.splitlines()] == phony.split()
