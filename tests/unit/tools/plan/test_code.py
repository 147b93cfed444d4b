"""Every file of the repository decides something that the table names, or nothing."""

from __future__ import annotations

import subprocess

import pytest

from tools.local.workspace import REPOSITORY
from tools.plan.code import (
    CHECKS,
    DELIVERY,
    ENTRIES,
    GUARDS,
    NOTHING,
    OF_SECURITY,
    OTHER,
    PACK_CODE,
    PACKAGES,
    PROGRAM_CODE,
    REVIEWS,
    SETTINGS,
    is_told,
    kind_of,
    lines,
)

KINDS = {
    "docs/plan.md": NOTHING,
    "docs/pictures/a.svg": NOTHING,
    "docs/CODEOWNERS": GUARDS,
    ".github/CODEOWNERS": GUARDS,
    "CODEOWNERS": GUARDS,
    "tests/unit/test_docs.py": NOTHING,
    "README.md": NOTHING,
    "CHANGELOG.md": NOTHING,
    "Pulumi.prod.yaml": SETTINGS,
    "Pulumi.prod.yaml/x.py": OTHER,
    "Pulumi.yaml": PROGRAM_CODE,
    "infra/catalog/adapters.yaml": ENTRIES,
    "infra/catalog/serves.yaml": CHECKS,
    "infra/rules/access.py": CHECKS,
    "infra/payload/README.md": PROGRAM_CODE,
    "infra/.venv": PROGRAM_CODE,
    "components/platform.py": PROGRAM_CODE,
    "policies/pack.py": PACK_CODE,
    "requirements.lock": PACKAGES,
    "pyproject.toml": PACKAGES,
    "tools/serving-requirements.lock": DELIVERY,
    "tools/go/pulumi/go.sum": DELIVERY,
    "tools/pipeline/deploy.py": DELIVERY,
    "ops/audit/commands.py": DELIVERY,
    "Makefile": DELIVERY,
    ".github/workflows/merge.yaml": DELIVERY,
    ".gitlab-ci.yml": DELIVERY,
    "deploy/image/Containerfile": DELIVERY,
    ".ci/run": DELIVERY,
    "tools/deliver/gate.py": GUARDS,
    "tools/plan/code.py": GUARDS,
    "ops/checks/signature.py": GUARDS,
    "ops/bundle/verify.py": GUARDS,
    "ops/tell/statuses.py": GUARDS,
    "conftest.py": OTHER,
    "sitecustomize.py": OTHER,
    ".gitattributes": DELIVERY,
    ".gitmodules": DELIVERY,
    "makefile": OTHER,
    "GNUmakefile": OTHER,
    "Docs/a.md": OTHER,
    "docsx/a.md": OTHER,
    "testsx.py": OTHER,
    "Pulumi.prod.yml": OTHER,
    **dict.fromkeys((f"Pulumi.{name}.yaml" for name in ("a\nb", "@all", "--help", "-", "..", "a b", "\u00fc")), OTHER),
    "Pulumi.a.b.yaml": SETTINGS,
    "reviewed-prod.json": REVIEWS,
    "reviewed.json": OTHER,
    "docs/reviewed-prod.json": NOTHING,
    "../.github/CODEOWNERS": GUARDS,
    "../../docs/CODEOWNERS": GUARDS,
    "../../.github/workflows/merge.yaml": DELIVERY,
    "../.gitlab-ci.yml": DELIVERY,
}


@pytest.mark.parametrize("name", KINDS)
def test_what_a_file_decides(name: str) -> None:
    assert kind_of(name) == KINDS[name]
    assert is_told(name) == (KINDS[name] not in {NOTHING, SETTINGS, ENTRIES})


def _tracked() -> list[str]:
    words = ["git", "ls-files", "-z"]
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name]


def test_each_file_of_the_repository_has_a_kind_by_its_folder() -> None:
    """A new folder or file at the top is a new row here and in the table, or is told as one that nobody knows."""
    found: dict[str, set[str]] = {}
    for name in _tracked():
        found.setdefault(kind_of(name), set()).add(name.partition("/")[0])
    assert found == {
        NOTHING: {"docs", "tests", "README.md", "README.ja.md", "CHANGELOG.md"},
        SETTINGS: {"Pulumi.dev.yaml", "Pulumi.prod.yaml"},
        ENTRIES: {"infra"},
        PROGRAM_CODE: {"infra", "components", "Pulumi.yaml"},
        PACK_CODE: {"policies"},
        CHECKS: {"infra"},
        PACKAGES: {"requirements.lock", "pyproject.toml"},
        GUARDS: {"ops", "tools"},
        DELIVERY: {
            "ops",
            "tools",
            "deploy",
            ".github",
            ".ci",
            ".gitlab-ci.yml",
            "Makefile",
            ".gitignore",
            ".pre-commit-config.yaml",
        },
    }


def test_nothing_that_runs_is_a_page_or_a_test() -> None:
    """What is told of nowhere is imported and read by nothing that delivers: no code of ours is below these folders."""
    code = [name for name in _tracked() if kind_of(name) == NOTHING and not name.startswith("tests/")]
    assert [name for name in code if name.endswith((".py", ".sh", ".toml", ".lock"))] == []


def test_lines_name_the_files_and_who_they_are_of() -> None:
    assert lines(["docs/a.md", "tests/a.py", "Pulumi.dev.yaml"]) == []
    found = lines(["Makefile", ".github/workflows/a.yaml", "tools/pipeline/a.py", "ops/checks/a.py", "strange",
                   "policies/a.py", "requirements.lock", "reviewed-dev.json"])  # fmt: skip
    assert found == [
        "policies: the pack is another one",
        "checks on the way: other code in ops/checks/a.py",
        "drift: another review in reviewed-dev.json",
        "delivery: other code in Makefile, .github/workflows/a.yaml + 1 more",
        "files of no known kind: strange",
        "packages: requirements.lock: what they change is not seen here, but by make upgrade-check",
    ]
    assert [line.startswith(OF_SECURITY) for line in found] == [True, True, True, False, False, False]
