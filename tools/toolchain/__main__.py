"""`python -m tools.toolchain`: build, check or print the PATH of the pinned toolchain."""

from __future__ import annotations

import argparse
import json
import os
import sys

from tools.command import exit_status
from tools.toolchain import CLUSTER, FAMILIES, PREVIEW, ToolchainError, ensure, look_up

GROUPS = {"preview": PREVIEW, "cluster": CLUSTER, "all": tuple(FAMILIES)}


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 is success, 1 a tool that is missing or cannot be provided."""
    parser = argparse.ArgumentParser(prog="python -m tools.toolchain", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("build", "provide families or groups"),
        ("check", "say what is there, which version, from which source"),
        ("path", "print the folders for PATH"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("names", nargs="*", default=["all"], metavar="NAME")
        command.add_argument("--json", action="store_true", help="machine-readable output")
    arguments = parser.parse_args(argv)
    return exit_status(
        lambda: _run(arguments),
        prefix="toolchain",
        errors=(ToolchainError,),
        interrupted="toolchain: interrupted; nothing half-installed is left",
    )


def _run(arguments: argparse.Namespace) -> int:
    names = list(dict.fromkeys(n for name in arguments.names for n in GROUPS.get(name, (name,))))
    if arguments.command == "build":
        ensure(names)
        return 0
    if arguments.command == "check":
        return _check(names, arguments.json)
    folders = [str(found.folder) for name in names if (found := look_up(name))]
    print(os.pathsep.join(dict.fromkeys(folders)))
    return 0


def _check(names: list[str], as_json: bool) -> int:
    rows = []
    for name in names:
        found = look_up(name)
        rows.append(
            {
                "family": name,
                "state": "ready" if found else "missing",
                "version": found.version if found else FAMILIES[name].version,
                "source": found.source if found else "-",
                "folder": str(found.folder) if found else "-",
            }
        )
    if as_json:
        print(json.dumps(rows, indent=2))
    else:
        for row in [{key: key.upper() for key in rows[0]}, *rows]:
            print("{family:<20} {state:<8} {version:<11} {source:<7} {folder}".format(**row))
    return 0 if all(row["state"] == "ready" for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
