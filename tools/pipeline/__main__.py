"""`python -m tools.pipeline settings|report|state|deploy|init|secret`: the pipelines' steps, and what comes first."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from infra.faults import FaultsError
from tools.command import exit_status, seconds
from tools.local.errors import LocalError
from tools.local.offline import STACKS, checked_stack
from tools.local.workspace import FOLDER
from tools.pipeline import checks
from tools.pipeline.deploy import deploy
from tools.pipeline.stacks import init, secret
from tools.pipeline.state import judge_state
from tools.toolchain import PREVIEW, ToolchainError, ensure


def main(argv: list[str] | None = None) -> int:
    """Run one step; every failure is one message on stderr and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m tools.pipeline", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("settings", help="the catalog and every environment's file: schema and rules")
    report = commands.add_parser("report", help="the pack over every environment: JUnit, SARIF, summary in reports/")
    report.add_argument("--reports", type=Path, default=checks.REPORTS, metavar="DIR")
    merge = commands.add_parser("deploy", help="preview, then update, with the pack, on your backend")
    merge.add_argument("--stack", required=True, help=f"one of {', '.join(STACKS)}")
    merge.add_argument("--take-back", default="", metavar="OBJECTS", help="fields changed by hand: yes, or names")
    merge.add_argument("--wait", type=seconds, metavar="SECONDS", help="fail unless every kitchen is Ready by then")
    merge.add_argument(
        "--distrust",
        action="store_true",
        help="compare the state with what is there and apply every object again, as after a killed `pulumi up`",
    )
    state = commands.add_parser("state", help="the pack over the stack's recorded state")
    state.add_argument("--stack", required=True, help=f"one of {', '.join(STACKS)}")
    new = commands.add_parser("init", help="make a stack on your backend; its settings file keeps its text")
    new.add_argument("--stack", required=True, help=f"one of {', '.join(STACKS)}")
    new.add_argument("--secrets-provider", default="", metavar="URL", help="in place of a passphrase")
    hide = commands.add_parser("secret", help="encrypt a setting from standard input into the stack's settings file")
    hide.add_argument("--stack", required=True, help=f"one of {', '.join(STACKS)}")
    hide.add_argument("--key", required=True, help="the setting, without kitchen:")
    arguments = parser.parse_args(argv)
    return exit_status(
        lambda: _run(arguments),
        prefix="error",
        errors=(LocalError, FaultsError, ToolchainError),
        interrupted="interrupted; what the engine had begun is recorded, the same command goes on from there",
    )


def _run(arguments: argparse.Namespace) -> int:
    if arguments.command == "settings":
        return checks.settings()
    ensure(PREVIEW)
    if arguments.command == "report":
        return checks.report(_directory(), arguments.reports.absolute())
    if arguments.command == "state":
        return judge_state(checked_stack(arguments.stack), _directory())
    stack = checked_stack(arguments.stack)
    if arguments.command == "init":
        init(stack, arguments.secrets_provider)
    elif arguments.command == "secret":
        secret(stack, arguments.key, sys.stdin.read())
    else:
        asked = {"take_back": arguments.take_back, "wait": arguments.wait, "distrust": arguments.distrust}
        return deploy(stack, directory=_directory(), **asked)
    return 0


def _directory() -> Path:
    return Path(os.environ.get("KITCHEN_DIRECTORY") or FOLDER).absolute()


if __name__ == "__main__":
    sys.exit(main())
