"""`python -m tools.local up|down|preview|policy`."""

from __future__ import annotations

import argparse
import sys

from infra.faults import FaultsError
from ops.store import StoreError
from tools.cluster import ClusterError
from tools.local.errors import LocalError
from tools.local.offline import STACKS, checked_stack, offline_workspace, policy, preview
from tools.local.up import STACK, LocalKitchen
from tools.toolchain import PREVIEW, ToolchainError, ensure


def main(argv: list[str] | None = None) -> int:
    """Run one command; every failure is one message on stderr and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m tools.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="bring dev up on the embedded cluster")
    commands.add_parser("down", help="remove all that `up` made")
    shown = commands.add_parser("preview", help="what would change, with the policy pack")
    shown.add_argument("--stack", default=STACK, help=f"one of {', '.join(STACKS)}")
    commands.add_parser("policy", help="the policy pack over every environment")
    arguments = parser.parse_args(argv)
    try:
        return _run(arguments)
    except (LocalError, FaultsError, ToolchainError, ClusterError, StoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130


def _run(arguments: argparse.Namespace) -> int:
    if arguments.command == "up":
        LocalKitchen().up()
        return 0
    if arguments.command == "down":
        LocalKitchen().down()
        return 0
    if arguments.command == "policy":
        return policy()
    return _preview(checked_stack(arguments.stack))


def _preview(stack: str) -> int:
    """Preview against what is up on this machine, or against nothing."""
    ensure(PREVIEW)
    kitchen = LocalKitchen()
    if stack == STACK and kitchen.workspace.exists() and kitchen.cluster.status().state == "running":
        return kitchen.preview()
    workspace = offline_workspace(stack)
    workspace.prepare({})
    return preview(workspace)


if __name__ == "__main__":
    sys.exit(main())
