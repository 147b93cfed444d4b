"""Arguments and run of `kitchen plan`: what the work tree would change in every environment, and whether it may."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from infra.faults import Fault, FaultsError
from ops.plan import files
from ops.plan.markdown import plain
from ops.plan.report import DENIED, FAILED, Report
from tools.local.errors import LocalError
from tools.local.offline import STACKS
from tools.local.workspace import FOLDER, REPOSITORY
from tools.plan.code import stack_of
from tools.plan.facts import facts
from tools.plan.git import Git
from tools.plan.making import Asked, report_of
from tools.plan.running import backend_named
from tools.progress import note
from tools.toolchain import PREVIEW, ToolchainError, ensure


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    text = f"again for more; without it: {', '.join(STACKS)} and every other with a settings file, here or in the base"
    parser.add_argument("--stack", action="append", metavar="NAME", help=text)
    text = "compare with where the work tree left this branch or commit; without it the target branch, or the state of"
    parser.add_argument("--base", metavar="REF", help=f"{text} the backend that PULUMI_BACKEND_URL names")
    text = "read this cluster of kubectl's for the section on drift; needs a backend"
    parser.add_argument("--context", default="", metavar="NAME", help=text)
    text = "the file that names it; without it KUBECONFIG, as kubectl has it"
    parser.add_argument("--kubeconfig", type=Path, metavar="FILE", help=text)
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="write report.json, report.md, plan.sarif, junit.xml"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.epilog = (
        "Ends with 0 for no changes, safe and needs approval; 1 for denied and failed; 2 for settings or options that "
        "cannot be read."
    )


def run(options: argparse.Namespace) -> int:
    """Make the report, print it and write its files. Raise FaultsError."""
    stacks = list(dict.fromkeys(options.stack or (*STACKS, *_known())))
    if faults := list(_unknown(options.stack or (), options.base)):
        raise FaultsError("plan", faults)
    if options.out is not None:
        _place(options.out)
    try:
        ensure(PREVIEW)
        recorded = options.base is None and backend_named()
        directory = Path(os.environ.get("KITCHEN_DIRECTORY") or FOLDER).absolute()
        if options.kubeconfig is not None:  # for the engine and for kubectl alike
            os.environ["KUBECONFIG"] = str(options.kubeconfig.absolute())
        asked = Asked(base=options.base, recorded=recorded, context=options.context, every=not options.stack,
                      directory=directory)  # fmt: skip
        report = report_of(stacks, asked)
    except (LocalError, ToolchainError) as error:
        fault = Fault(path="plan", value=", ".join(stacks), rule=str(error), example="kitchen plan --stack dev")
        raise FaultsError("plan", [fault]) from None
    print(report.as_json() if options.json else plain(report), end="")
    if options.out is not None:
        try:
            written = files.write(report, options.out)
        except OSError as error:
            raise _no_place(options.out, error) from None
        for path in written:
            note(f"written: {path}")
    return status(report)


def _place(folder: Path) -> None:
    """Make the folder before a minute is spent on what could not be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _no_place(folder, error) from None


def _no_place(folder: Path, error: OSError) -> FaultsError:
    rule = f"must be a folder that can be written to: {error.strerror}"
    return FaultsError("plan", [Fault(path="--out", value=str(folder), rule=rule, example="--out reports/plan")])


def _known() -> list[str]:
    return sorted(filter(None, (stack_of(path.name) for path in REPOSITORY.glob("Pulumi.*.yaml"))))


def _unknown(stacks: Sequence[str], base: str | None) -> Iterator[Fault]:
    """Those that neither the work tree has nor the base."""
    known = _known()
    if set(stacks) - set(known):
        git = Git(REPOSITORY)
        found = git.base(base)
        known = sorted({*known, *(git.stacks(found) if found else ())})
    for stack in stacks:
        if stack not in known:
            rule = f"must be an environment with a settings file; known: {', '.join(known)}"
            yield Fault(path="--stack", value=stack, rule=rule, example=f"--stack {known[0]}")


def status(report: Report) -> int:
    """The exit status."""
    failed = [one.name for one in report.environments if one.verdict == FAILED]
    if any(not _settings_are_right(stack) for stack in failed):
        return 2
    return 1 if report.verdict in (DENIED, FAILED) else 0


def _settings_are_right(stack: str) -> bool:
    try:
        facts(REPOSITORY, stack)
    except FaultsError:
        return False
    return True
