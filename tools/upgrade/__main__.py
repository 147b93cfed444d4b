"""`python -m tools.upgrade`: what would be replaced or updated because of versions alone."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from infra.faults import FaultsError
from tools.cluster import ClusterError
from tools.command import exit_status
from tools.local.errors import LocalError
from tools.local.offline import STACKS, checked_stack
from tools.local.work import Work
from tools.local.workspace import FOLDER, REPOSITORY
from tools.toolchain import ToolchainError
from tools.upgrade.base import base_of
from tools.upgrade.check import Environment, checked
from tools.upgrade.errors import UpgradeError
from tools.upgrade.project import project_of
from tools.upgrade.report import lines
from tools.upgrade.sides import Difference, differences, side_of, venv_of

NO_ANSWER = 2
_EXPECTED = (UpgradeError, LocalError, FaultsError, ToolchainError, ClusterError)


def main(argv: list[str] | None = None) -> int:
    """0: nothing that holds data is touched; 1: something is, or is refused; 2: the check could not be made."""
    parser = argparse.ArgumentParser(prog="python -m tools.upgrade", description=main.__doc__)
    parser.add_argument("--with", dest="base", default="", metavar="COMMIT", help="default: where this left main")
    parser.add_argument("--stack", action="append", metavar="NAME", help=f"default: {' and '.join(STACKS)}")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--directory", type=Path, default=Path(os.environ.get("KITCHEN_DIRECTORY") or FOLDER))
    arguments = parser.parse_args(argv)
    answers: list[int] = []

    def run() -> int:
        answers.append(_run(arguments))
        return answers[0]

    status = exit_status(run, prefix="upgrade-check", errors=_EXPECTED, interrupted="interrupted; nothing was changed")
    return NO_ANSWER if status == 1 and not answers else status


def _run(arguments: argparse.Namespace) -> int:
    folder: Path = arguments.directory.absolute() / "upgrade"
    stacks = [checked_stack(stack) for stack in dict.fromkeys(arguments.stack or STACKS)]
    folder.mkdir(parents=True, exist_ok=True)
    with Work(folder).begin("upgrade-check", folder):
        return _compare(arguments, stacks, folder)


def _compare(arguments: argparse.Namespace, stacks: Sequence[str], folder: Path) -> int:
    base = base_of(REPOSITORY, arguments.base, folder)
    venv = venv_of(base.tree, REPOSITORY, folder)
    old, new = side_of("base", base.tree, venv), side_of("work tree", REPOSITORY, Path(sys.prefix))
    differs = list(differences(old, new))
    environments: list[Environment] = []
    if differs:
        projects = (project_of(venv, folder), REPOSITORY)
        environments = [checked(old, new, stack, folder, projects) for stack in stacks]
    if arguments.json:
        print(json.dumps(_as_json(base.commit, differs, environments), indent=2))
    elif not differs:
        print(f"the versions are those of {base.commit[:12]}: nothing to compare")
    else:
        print("\n".join(lines(f"base {base.commit[:12]}", differs, environments)))
    return int(any(environment.is_bad for environment in environments))


def _as_json(commit: str, differs: Sequence[Difference], environments: Sequence[Environment]) -> dict[str, object]:
    return {
        "version": 1,
        "base": commit,
        "versions": [asdict(one) for one in differs],
        "environments": [environment.as_json() for environment in environments],
        "bad": any(environment.is_bad for environment in environments),
    }


if __name__ == "__main__":
    sys.exit(main())
