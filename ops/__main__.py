"""The command `kitchen`: `bundle`, `adapter|model|image`, `publish`, `policy check`, `audit`, `rollback`."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable
from functools import partial

Options = Callable[[argparse.ArgumentParser], None]
Run = Callable[[argparse.Namespace], int]


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns 0, 1 when something is wrong or out of reach, 2 for bad input, 130 after Ctrl-C.

    What else a command returns, its own help says.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that cannot show a sign is no reason to stop
        sys.stdout.reconfigure(errors="backslashreplace")
    words = sys.argv[1:] if argv is None else argv
    named = next((word for word in words if not word.startswith("-")), "kitchen")
    try:
        status = _run(words, named)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(f"{named}: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `| head` has read enough; what is buffered has no reader either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"{named}: {place}{error.strerror or error}", file=sys.stderr)
        return 1
    return status


def _run(words: list[str], named: str) -> int:
    parser = argparse.ArgumentParser(prog="kitchen", description="Commands of the Private AI Kitchen.")
    commands = parser.add_subparsers(dest="command", required=True)
    run: Run | None = None
    for name, (text, load) in _COMMANDS.items():
        command = commands.add_parser(name, help=text)
        if name == named:  # the others are not asked, and what they import takes half a second
            options, run = load()
            options(command)
    arguments = parser.parse_args(words)
    assert run is not None  # noqa: S101 - for the type checker; a command is required
    return run(arguments)


def _publish() -> tuple[Options, Run]:
    from ops import publish_command  # noqa: PLC0415 - as in all of these: for this command only

    return publish_command.arguments, publish_command.run


def _policy() -> tuple[Options, Run]:
    from policies.check import __main__ as policy_check  # noqa: PLC0415

    def options(parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        text = "the pack over plain YAML, with SARIF or JUnit output"
        policy_check.arguments(actions.add_parser("check", help=text))

    return options, policy_check.check


def _audit() -> tuple[Options, Run]:
    from ops.audit import commands  # noqa: PLC0415

    return commands.arguments, commands.run


def _rollback() -> tuple[Options, Run]:
    from ops.rollback import commands  # noqa: PLC0415

    return commands.arguments, commands.run


def _entries(word: str) -> tuple[Options, Run]:
    from ops.catalog import commands  # noqa: PLC0415

    return partial(commands.arguments, word=word), commands.run


def _bundle() -> tuple[Options, Run]:
    from ops.bundle import command  # noqa: PLC0415

    return command.arguments, command.run


_COMMANDS: dict[str, tuple[str, Callable[[], tuple[Options, Run]]]] = {
    "publish": ("upload artifacts, checked against the catalog", _publish),
    "policy": ("the policy pack", _policy),
    "audit": ("what Git declares against what is there", _audit),
    "rollback": ("one kitchen as it was at a Git revision", _rollback),
    **{
        word: (f"{word}s of the catalog: list, promote, retire and more", partial(_entries, word))
        for word in ("adapter", "model", "image")
    },
    "bundle": ("bring artifacts in: create, verify or import a signed bundle", _bundle),
}


if __name__ == "__main__":
    sys.exit(main())
