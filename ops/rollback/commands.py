"""Arguments and run of `kitchen rollback`."""

from __future__ import annotations

import argparse
import difflib
import shlex
import sys
from pathlib import Path

from infra.catalog import FOLDER
from infra.faults import Fault, FaultsError
from ops.rollback.git import GitError, Repository
from ops.rollback.plan import Plan, plan
from ops.screen import told_to
from ops.text_file import replace_text


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("kitchen", metavar="KITCHEN")
    parser.add_argument("--to", required=True, metavar="REV", help="commit, tag or branch at which it was right")
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--stack", metavar="STACK", help="Pulumi.STACK.yaml in this folder")
    chosen.add_argument("--settings", type=Path, metavar="FILE", help="Pulumi.<stack>.yaml")
    parser.add_argument("--commit", action="store_true", help="commit the change, this file alone")
    parser.add_argument("--force", action="store_true", help="although the file has changes that are not committed")
    parser.add_argument("--catalog", type=Path, default=FOLDER, metavar="DIR", help="the catalog's folder")


def run(options: argparse.Namespace) -> int:
    """Put the block back; 0, 1 when git refused the commit of a change that was made, 2 for bad input."""
    settings = options.settings or Path(f"Pulumi.{options.stack}.yaml")
    try:
        _refuse_both(options)
        planned = plan(settings, options.kitchen, options.to, catalog=options.catalog, force=options.force)
        replace_text(settings, planned.before, planned.after, "rollback", "Pulumi.prod.yaml")
    except (FaultsError, GitError) as error:
        print(told_to(options, error) if isinstance(error, FaultsError) else error, file=sys.stderr)
        return 2
    print(_diff(planned), end="")
    for remark in planned.remarks:
        print(f"note: {remark}")
    if not options.commit:
        print(_next(planned, committed=False))
        return 0
    try:
        print(f"committed: {Repository(settings).commit(_message(planned))[:12]}")
    except GitError as error:
        print(f"rollback: {settings.name} is changed, git did not commit it: {error}", file=sys.stderr)
        return 1
    print(_next(planned, committed=True))
    return 0


def _refuse_both(options: argparse.Namespace) -> None:
    if options.commit and options.force:
        rule = "not with --force: the commit would hold the other changes of the file too"
        raise FaultsError("rollback", [Fault(path="--commit", value=True, rule=rule, example="--commit alone")])


def _message(planned: Plan) -> str:
    stack = planned.path.name.removeprefix("Pulumi.").removesuffix(".yaml")
    head = f"Kitchen {planned.kitchen} of {stack} as it was at {planned.revision.short}"
    return f"{head}\n\nPut back from {planned.revision.commit} ({planned.revision.title})."


def _diff(planned: Plan) -> str:
    name = planned.path.name
    lines = difflib.unified_diff(
        planned.before.splitlines(keepends=True),
        planned.after.splitlines(keepends=True),
        f"a/{name}",
        f"b/{name}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _next(planned: Plan, *, committed: bool) -> str:
    stack = planned.path.name.removeprefix("Pulumi.").removesuffix(".yaml")
    head = shlex.quote(_message(planned).splitlines()[0])
    steps = [] if committed else [f"git commit -m {head} -- {planned.path.name}"]
    steps += [
        "git push, and open a pull request: its preview shows what would change",
        f"pulumi up --stack {stack} --policy-pack policies, or the pipeline's own after the merge",
        f"kitchen audit --settings {planned.path.name}: that it runs",
    ]
    return "\n".join(["next:", *(f"  {step}" for step in steps)])
