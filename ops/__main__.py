"""The command `kitchen`: `bundle`, `adapter|model|image`, `publish`, `policy check`, `audit`, `audit-policy`,
`rollback`, `gitops`, `alerts`, `calls`, `usage`, `token`, `plan`,
`tell`, `drift`, `identity`."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module

from ops.screen import nowhere, option_for_all, screened, told_to

_LINES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What could make two lines of one, in a catalog, a commit, a report or on a screen."""

_JUDGED = frozenset(
    ("--approver", "--client-id", "--evaluation", "--licence", "--name", "--origin", "--owner", "--reason", "--scope")
)

Options = Callable[[argparse.ArgumentParser], None]
Run = Callable[[argparse.Namespace], int]


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns 0, 1 when something is wrong or out of reach, 2 for bad input, 130 after Ctrl-C.

    What else a command returns, its own help says.
    """
    words = sys.argv[1:] if argv is None else argv
    with screened():
        return _main(words)


def _main(words: list[str]) -> int:
    if odd := list(_of_several_lines(words)):
        rule = "an option or argument is one line, without control characters"
        for word in odd:
            print(f"kitchen: {ascii(word)[:80]}; rule: {rule}; example: --settings Pulumi.dev.yaml", file=sys.stderr)
        return 2
    named = next((word for word in words if not word.startswith("-")), "kitchen")
    try:
        status = _run(words, named)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(f"{named}: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `| head` has read enough; what is buffered has no reader either
        nowhere()
        return 1
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"{named}: {place}{error.strerror or error}", file=sys.stderr)
        return 1
    return status


def _of_several_lines(words: list[str]) -> Iterator[str]:
    """Words with a control character, but for those that a command judges itself, together with its other options."""
    for before, word in zip(["", *words], words, strict=False):
        name = word.partition("=")[0] if word.startswith("--") else before
        if _LINES.search(word) and name not in _JUDGED:
            yield word


def _run(words: list[str], named: str) -> int:
    parser = argparse.ArgumentParser(prog="kitchen", description="Commands of the Private AI Kitchen.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (text, load) in _COMMANDS.items():
        command = commands.add_parser(name, help=text)
        if name == named:  # the others are not asked, and what they import takes half a second
            options, run = load()
            options(command)
            option_for_all(command)
            command.set_defaults(run=run)
    return _answered(parser.parse_args(words), named)


def _answered(arguments: argparse.Namespace, named: str) -> int:
    """Run what was asked for; what every command raises for bad input, and for a store, is told in one way."""
    from infra.faults import FaultsError, printable  # noqa: PLC0415 - help does without
    from ops.store import StoreError  # noqa: PLC0415

    try:
        return int(arguments.run(arguments))
    except FaultsError as error:
        print(told_to(arguments, error), file=sys.stderr)
        return 2
    except StoreError as error:
        action = f" {arguments.action}" if "action" in arguments else ""
        print(printable(f"{named}{action}: {error}"), file=sys.stderr)
        return 1


def _module(name: str, **options: str) -> tuple[Options, Run]:
    """Options and run of the command that a module holds."""
    module = import_module(name)
    return partial(module.arguments, **options), module.run


def _policy() -> tuple[Options, Run]:
    from policies.check import __main__ as policy_check  # noqa: PLC0415 - for this command only

    def options(parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        text = "the pack over plain YAML, with SARIF or JUnit output"
        policy_check.arguments(actions.add_parser("check", help=text))

    return options, policy_check.check


_COMMANDS: dict[str, tuple[str, Callable[[], tuple[Options, Run]]]] = {
    "publish": ("upload artifacts, checked against the catalog", partial(_module, "ops.publish_command")),
    "policy": ("the policy pack", _policy),
    "audit": ("what Git declares against what is there", partial(_module, "ops.audit.commands")),
    "merged": ("since when adapters are declared, out of Git", partial(_module, "ops.merged.commands")),
    # These run the engine, which belongs to tools: modules are named here, and nothing of them is imported before.
    "plan": ("what a change would do in every environment", partial(_module, "tools.plan.command")),
    "gitops": ("an environment's objects to the branch that Argo CD follows", partial(_module, "tools.gitops.command")),
    "drift": ("what is not as declared: cluster, object store, servers", partial(_module, "ops.drift.commands")),
    "identity": ("the rights of whoever deploys, syncs or looks", partial(_module, "tools.identity.command")),
    "tell": ("a plan at its pull request, by the forge's interface", partial(_module, "ops.tell.commands")),
    "audit-policy": (
        "what the API server should write down, as its policy",
        partial(_module, "ops.audit_policy_command"),
    ),
    "alerts": ("what would call somebody, and what does so now", partial(_module, "ops.alerts.commands")),
    "calls": ("the record of calls, each one once", partial(_module, "ops.calls.calls_command")),
    "usage": ("a month's calls, tokens and cost, added up", partial(_module, "ops.calls.usage_command")),
    "rollback": ("one kitchen as it was at a Git revision", partial(_module, "ops.rollback.commands")),
    "token": ("a token to call models with, from the organisation's issuer", partial(_module, "ops.token.commands")),
    **{
        word: (
            f"{word}s of the catalog: list, promote, retire and more",
            partial(_module, "ops.catalog.commands", word=word),
        )
        for word in ("adapter", "model", "image")
    },
    "bundle": (
        "bring artifacts in: create, verify or import a signed bundle",
        partial(_module, "ops.bundle.command"),
    ),
}


if __name__ == "__main__":
    sys.exit(main())
