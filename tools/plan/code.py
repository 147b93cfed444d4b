"""What each file of the repository decides, by a closed table: the first row that fits is the file's."""

from __future__ import annotations

import re
from collections.abc import Collection

from infra.catalog import FILES
from tools.engine.words import some

NOTHING, SETTINGS, ENTRIES = "nothing", "settings", "entries"
"""What no plan names as code: pages and tests; settings files and catalog entries, which are compared one by one."""

PACK_CODE, CHECKS, GUARDS, REVIEWS, PROGRAM_CODE, PACKAGES, DELIVERY, OTHER = (
    "pack", "checks", "guards", "reviews", "program", "packages", "delivery", "other"
)  # fmt: skip

PACK = "policies"
PROGRAM = ("infra", "components", PACK, "Pulumi.yaml")
"""What a stack's resources and the verdict on them come from, beside its own settings file."""

_PROGRAM_FOLDERS = tuple(f"{part}/" for part in PROGRAM)

PACKAGE_FILES = ("requirements.txt", "requirements.lock", "pyproject.toml")
"""What says with which engine, providers and packages the program runs."""

_OWNERS = ("CODEOWNERS", ".github/CODEOWNERS", ".gitlab/CODEOWNERS", ".gitea/CODEOWNERS", "docs/CODEOWNERS")
"""Where forges read who must approve which file."""

_GUARDS = (
    "ops/checks/",  # what is wrong with the files of an adapter or a base model
    "ops/bundle/",  # what comes into a closed network, and by whose signature
    "ops/signing.py",
    "ops/plan/", "tools/plan/", "tools/engine/",  # what is told of a change, and who must approve it
    "ops/forge/", "ops/tell/", "tools/deliver/",  # whether what is applied was approved
    "tools/identity/",  # what a deployer may do
)  # fmt: skip

_DELIVERY = ("ops/", "tools/", "deploy/", ".github/", ".gitlab/", ".gitea/", ".forgejo/", ".ci/", ".tekton/")
_DELIVERY_FILES = (
    "Makefile", ".gitlab-ci.yml", ".gitignore", ".gitattributes", ".gitmodules", ".pre-commit-config.yaml"
)  # fmt: skip

_UP = "../"
ATTRIBUTES = ".gitattributes"
"""Git reads it in each folder on the way to a file, and may write other bytes than it keeps."""
ABOVE = (
    "CODEOWNERS", "docs/CODEOWNERS", ".github", ".gitlab", ".gitea", ".forgejo", ".tekton",
    ".gitlab-ci.yml", ATTRIBUTES, ".gitmodules",
)  # fmt: skip
"""What a forge and Git read at the top of a repository, where the project is a folder of one."""

_SETTINGS = re.compile(r"Pulumi\.([A-Za-z0-9][A-Za-z0-9_.-]*)\.yaml")
_REVIEW = re.compile(r"reviewed-[A-Za-z0-9][A-Za-z0-9_.-]*\.json")
"""What of a cluster people have looked at and accepted, for `make drift`."""
_PAGE = re.compile(r"[^/]+\.md|LICENSE")

_FEW = 2
_PACK_LINE = "policies: the pack is another one"
_HEADS = {
    CHECKS: "checks of settings: other code in ",
    GUARDS: "checks on the way: other code in ",
    REVIEWS: "drift: another review in ",
    PROGRAM_CODE: "program: other code in ",
    DELIVERY: "delivery: other code in ",
    OTHER: "files of no known kind: ",
}
OF_SECURITY = (_PACK_LINE, _HEADS[CHECKS], _HEADS[GUARDS], _HEADS[REVIEWS])
"""How lines begin that are security's to approve."""

OF_PROGRAM = (_PACK_LINE, _HEADS[CHECKS], _HEADS[PROGRAM_CODE])
"""How lines begin on files that objects and verdicts come from."""


def stack_of(name: str) -> str:
    """The stack whose settings file has this name; empty for any other file."""
    found = _SETTINGS.fullmatch(name)
    return found[1] if found else ""


def is_program(name: str) -> bool:
    """Whether a file is one of PROGRAM, or lies in one of its folders."""
    return name in PROGRAM or name.startswith(_PROGRAM_FOLDERS)


def kind_of(name: str) -> str:
    """What a file decides, by its path in the project's folder; what is in no row is OTHER.

    Of what lies above the folder (`../`) a plan sees ABOVE and ATTRIBUTES alone.
    """
    if name.startswith(_UP):
        return GUARDS if name.rpartition(_UP)[2] in _OWNERS else DELIVERY
    for kind, fits in (
        (GUARDS, name in _OWNERS or name.startswith(_GUARDS)),
        (NOTHING, name.startswith(("docs/", "tests/")) or _PAGE.fullmatch(name)),
        (SETTINGS, stack_of(name)),
        (REVIEWS, _REVIEW.fullmatch(name)),
        (ENTRIES, name in {f"infra/catalog/{file}" for file in FILES}),
        (PACK_CODE, name.startswith(f"{PACK}/")),
        (CHECKS, name.startswith(("infra/rules/", "infra/schema/", "infra/catalog/"))),
        (PROGRAM_CODE, is_program(name)),
        (PACKAGES, name in PACKAGE_FILES),
        (DELIVERY, name in _DELIVERY_FILES or name.startswith(_DELIVERY)),
    ):
        if fits:
            return kind
    return OTHER


def is_told(name: str) -> bool:
    """Whether a plan names the file where it differs, and has its sum in the digest."""
    return kind_of(name) not in {NOTHING, SETTINGS, ENTRIES}


def lines(names: Collection[str]) -> list[str]:
    """Lines on files that differ, for the settings of a report: each line is somebody's to approve."""
    by_kind: dict[str, list[str]] = {}
    for name in names:
        by_kind.setdefault(kind_of(name), []).append(name)
    found = [_PACK_LINE] if PACK_CODE in by_kind else []
    found += [f"{head}{some(by_kind[kind], _FEW)}" for kind, head in _HEADS.items() if kind in by_kind]
    if PACKAGES in by_kind:
        what = "what they change is not seen here, but by make upgrade-check"
        found.append(f"packages: {some(by_kind[PACKAGES], _FEW)}: {what}")
    return found
