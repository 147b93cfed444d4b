"""`python -m tools.toolchain`: provide, check or print the PATH of the pinned toolchain."""

from __future__ import annotations

import argparse
import os
import sys

from tools.command import exit_status
from tools.toolchain import (
    BUNDLES,
    CLUSTER,
    ENTRY,
    FAMILIES,
    MONITORING,
    PREVIEW,
    STORES,
    ToolchainError,
    ensure,
    listing,
    look_up,
)
from tools.toolchain.families import APART, DELIVERY
from tools.toolchain.found import family_of

GROUPS = {
    "preview": PREVIEW,
    "cluster": CLUSTER,
    "entry": ENTRY,
    "bundles": BUNDLES,
    "monitoring": MONITORING,
    "stores": STORES,
    "delivery": DELIVERY,
    "all": tuple(name for name in FAMILIES if name not in APART),
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 is success, 1 a tool that is missing, damaged or cannot be provided."""
    parser = argparse.ArgumentParser(prog="python -m tools.toolchain", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("build", "provide families or groups; a damaged one is installed anew"),
        ("check", "say what is there, which version, from which source; every file is compared with its sum"),
        ("path", "print the folders for PATH"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("names", nargs="*", default=["all"], metavar="NAME")
        command.add_argument("--json", action="store_true", help="machine-readable output")
        if name == "check":
            command.add_argument("--sources", action="store_true", help="say where each family would come from instead")
    arguments = parser.parse_args(argv)
    return exit_status(
        lambda: _run(arguments),
        prefix="toolchain",
        errors=(ToolchainError,),
        interrupted="toolchain: interrupted; nothing half-installed is left",
    )


def _run(arguments: argparse.Namespace) -> int:
    names = list(dict.fromkeys(n for name in arguments.names for n in GROUPS.get(name, (name,))))
    for name in names:
        family_of(name)
    if arguments.command == "build":
        ensure(names, repair=True)
        return 0
    if arguments.command == "check":
        return _check(names, arguments)
    folders = [str(found.folder) for name in names if (found := look_up(name))]
    print(os.pathsep.join(dict.fromkeys(folders)))
    return 0


def _check(names: list[str], arguments: argparse.Namespace) -> int:
    if arguments.sources:
        print(listing.sources(names, as_json=arguments.json))
        return 0
    table, complaints, is_ready = listing.installed(names, as_json=arguments.json)
    print(table)
    for complaint in complaints:
        print(f"toolchain: {complaint}", file=sys.stderr)
    return 0 if is_ready else 1


if __name__ == "__main__":
    sys.exit(main())
