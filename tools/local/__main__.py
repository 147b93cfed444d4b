"""`python -m tools.local up|down|recover|preview|render|policy`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from infra.faults import FaultsError
from ops.store import StoreError
from tools.cluster import ClusterError
from tools.command import exit_status, seconds
from tools.local.errors import LocalError
from tools.local.intact import refuse, scratch_damages
from tools.local.offline import STACKS, checked_stack, policy, render
from tools.local.previewing import beside
from tools.local.readiness import WAIT_SECONDS
from tools.local.recover import recover
from tools.local.up import STACK, LocalKitchen
from tools.local.workspace import FOLDER
from tools.toolchain import PREVIEW, ToolchainError, ensure


def main(argv: list[str] | None = None) -> int:
    """Run one command; every failure is one message on stderr and exit code 1."""
    arguments = _parse(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    return exit_status(
        lambda: _run(arguments),
        prefix="error",
        errors=(LocalError, FaultsError, ToolchainError, ClusterError, StoreError),
        interrupted="interrupted; the same command goes on from here",
    )


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A polite end is an interruption: an engine that runs is waited for."""
    raise KeyboardInterrupt


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("up", "bring dev up on the embedded cluster"),
        ("down", "remove all that `up` made"),
        ("recover", "set damaged files aside and rebuild what can be rebuilt; then `up` takes over what is there"),
        ("preview", "what would change, with the policy pack"),
        ("render", "write an environment's objects as YAML files, with the policy pack"),
        ("policy", "the policy pack over every environment"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument(
            "--directory",
            type=Path,
            default=Path(os.environ.get("KITCHEN_DIRECTORY") or FOLDER),
            metavar="DIR",
            help="where cluster, state and artifacts lie (KITCHEN_DIRECTORY, else .kitchen)",
        )
        if name == "up":
            command.add_argument(
                "--take-back", default="", metavar="OBJECTS", help="fields changed by hand: yes, or names"
            )
            command.add_argument("--wait", type=seconds, default=WAIT_SECONDS, metavar="SECONDS", help="for Ready (60)")
        if name in ("preview", "render"):
            command.add_argument("--stack", default=STACK, help=f"one of {', '.join(STACKS)}")
        if name == "preview":
            command.add_argument("--json", action="store_true", help="for machines: every object, nothing folded away")
        if name == "recover":
            command.add_argument(
                "--force-unlock",
                action="store_true",
                help="also locks of which nobody can say whether their update still runs: make sure that none does",
            )
    return parser.parse_args(argv)


def _run(arguments: argparse.Namespace) -> int:
    directory: Path = arguments.directory.absolute()
    if arguments.command == "up":
        LocalKitchen(directory).up(take_back=arguments.take_back, wait=arguments.wait)
        return 0
    if arguments.command == "down":
        LocalKitchen(directory).down()
        return 0
    if arguments.command == "recover":
        return recover(LocalKitchen(directory), force_unlock=arguments.force_unlock)
    stack = STACK if arguments.command == "policy" else checked_stack(arguments.stack)
    refuse(scratch_damages(directory, STACKS))
    if arguments.command == "preview" and stack == STACK:
        refuse(LocalKitchen(directory).damages())
    ensure(PREVIEW)
    if arguments.command == "policy":
        return policy(directory)
    if arguments.command == "render":
        render(stack, directory)
        return 0
    return beside(stack, LocalKitchen(directory), machine=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
