"""Arguments and run of `kitchen tell`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from infra.faults import MISSING, Fault, FaultsError, printable
from ops.forge.errors import ForgeError
from ops.forge.settings import Place, no_token, place, runs_in_pipeline
from ops.plan import report as reports
from ops.plan.report import Report
from ops.tell import comment, statuses

FOLDER = Path("reports/plan")
_ENDS = """exit codes: 0 told; no token, as for a fork: the report is then in its folder alone; in a pipeline also, no
plan was made and its folder is not there; 1 the forge refuses or does not answer; 2 bad input. The token is read from
KITCHEN_FORGE_TOKEN alone, and is never an argument"""
_MOST_TEXT = 1024 * 1024
_NO_RIGHT = (401, 403, 404)
"""How forges answer somebody who may read alone."""


class _NoSecret(argparse.Action):
    """Refuses a token as an argument, and does not repeat it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """End with one line."""
        parser.error(f"{self.option_strings[0]}: a token is never an argument: it is read from KITCHEN_FORGE_TOKEN")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    actions = parser.add_subparsers(dest="action", required=True)
    plan = actions.add_parser("plan", epilog=_ENDS, help="one comment on the pull request, a status an environment")
    plan.add_argument("--from", type=Path, default=FOLDER, dest="folder", metavar="DIR", help=f"not {FOLDER}")
    plan.add_argument("--token", action=_NoSecret, nargs="?", help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Tell what was asked for; the help says what is returned. Raise FaultsError."""
    try:
        return _plan(options.folder)
    except ForgeError as error:
        print(f"tell {options.action}: {error}", file=sys.stderr)
        return 1


def _plan(folder: Path) -> int:
    if runs_in_pipeline() and not folder.exists():
        print(f"no plan was made, so that nothing is told: {printable(str(folder))} is not there")
        return 0
    report = reports.read(folder / "report.json")
    text = _text(folder / "report.md")
    where = place()
    if where is None:
        print(f"{no_token()}: the report is in {folder}")
        return 0
    try:
        return _told(where, report, text)
    except ForgeError as error:
        if not (where.fork and error.status in _NO_RIGHT):
            raise
        print(f"no right to tell, as in a run for a fork: the report is in {folder}")
        return 0


def _told(where: Place, report: Report, text: str) -> int:
    commit = _commit(where, report)
    forge = where.forge()
    if where.pull is not None:
        head = forge.pull(where.pull).head
        if head != commit:
            print(f"pull request {where.pull} has a newer commit, {head[:12]}: nothing told about {commit[:12]}")
            return 0
        print(f"pull request {where.pull}: {comment.put(forge, where.pull, text)}")
    else:
        print("no pull request (KITCHEN_FORGE_PULL): no comment")
    told = [statuses.of_plan(one, _run_address()) for one in report.environments]
    statuses.put(forge, commit, told)
    for one in told:
        print(f"commit {commit[:12]}: {one.context}: {one.state}: {one.description}")
    return 0


def _commit(where: Place, report: Report) -> str:
    """The commit that is spoken of; raise FaultsError unless the report is of it, or of its merge that is checked out.

    What is told of a commit is what people approve: a report of a tree that somebody has changed is none of it.
    """
    own = {report.commit} - {None}
    merged = {os.environ.get("GITHUB_SHA"), os.environ.get("CI_COMMIT_SHA")} - {None, ""}
    commit = where.commit or report.commit
    if commit is not None and own and (own <= {commit} or own <= merged):
        return commit
    rule = f"must be a plan of commit {commit or 'that is checked out'}, made in a work tree without changes"
    value = report.commit or MISSING
    raise FaultsError("tell plan", [Fault(path="report.json: commit", value=value, rule=rule, example="make plan")])


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_TEXT).decode()
    except (OSError, UnicodeDecodeError):
        rule = "must be the report as `kitchen plan --out` writes it"
        raise FaultsError("tell plan", [Fault(path="FILE", value=str(path), rule=rule, example="make plan")]) from None


def _run_address() -> str:
    """The page of this run, where a pipeline says it."""
    env = os.environ
    if url := env.get("CI_JOB_URL", ""):
        return _page(url)
    parts = [env.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    return _page(f"{parts[0].rstrip('/')}/{parts[1]}/actions/runs/{parts[2]}") if all(parts) else ""


def _page(url: str) -> str:
    plain = url.isascii() and url.isprintable() and " " not in url and "@" not in url and len(url) < 500
    return url if plain and url.startswith(("https://", "http://")) else ""
