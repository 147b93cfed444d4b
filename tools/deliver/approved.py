"""The plan that was approved, and whether the commit that is delivered still has it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infra.faults import printable
from ops.forge.things import SUCCESS, Forge
from ops.plan import report as reports
from ops.plan.report import DENIED, FAILED, Entry, Environment
from ops.tell import statuses
from tools.deliver.compare import titles
from tools.deliver.errors import NotApprovedError
from tools.deliver.history import History, Landed
from tools.own_file import remove
from tools.plan import report_of
from tools.plan.making import Asked
from tools.plan.place import PLAN

Planner = Callable[[str, Path, str | None], Environment]
"""Plans a stack: of the program in a folder, compared with a commit, or with the recorded state by RECORDED."""

_MOST = 20
_OWN = "cache-of-delivery-"
RECORDED = ":state"
"""In place of a commit; no commit is called so."""


@dataclass(frozen=True, kw_only=True)
class Approval:
    """A digest that somebody has approved, where that is written, and the operations, if they are known from there."""

    digest: str
    source: str
    changes: Sequence[Entry] | None = None
    base: str | None = None


def planner(directory: Path) -> Planner:
    """The one of `kitchen plan`; `directory` holds its logs.

    It knows what it has found itself, for earlier merges that are delivered too, and nothing that lay there before.
    """
    for left in (directory / PLAN).glob(f"{_OWN}*"):
        with suppress(OSError):
            remove(left)
    own = f"{_OWN}{secrets.token_hex(8)}"

    def plan(stack: str, project: Path, base: str | None) -> Environment:
        recorded = base == RECORDED
        asked = Asked(base=None if recorded else base, recorded=recorded, directory=directory, cache=own,
                      project=project)  # fmt: skip
        (found,) = report_of([stack], asked).environments
        return found

    return plan


def from_file(path: Path, stack: str) -> Approval:
    """What a report says of a stack; raise FaultsError, or NotApprovedError where it has no plan of it."""
    found = reports.read(path).environment(stack)
    if found is None or not found.digest or found.verdict in (DENIED, FAILED):
        said = "says nothing of it" if found is None else f"says: {found.verdict}"
        raise NotApprovedError(f"stack {stack}: {printable(str(path))} {said}; a plan that may be done: make plan")
    base = RECORDED if found.compared["kind"] == "state" else found.compared["base"]
    return Approval(digest=found.digest, source=printable(str(path)), changes=found.changes, base=base)


def from_forge(forge: Forge, landed: Landed, stack: str, teller: str = "") -> Approval:
    """What `teller`, or else our own account, has said of the pull request's last commit.

    Raise NotApprovedError, ForgeError.
    """
    if landed.pull is None:
        raise NotApprovedError(
            f"stack {stack}: {landed.title}: nobody has approved a plan of it; deliver a merge, or name the report "
            f"that was approved: make deliver STACK={stack} PLAN=reports/plan/report.json"
        )
    context = statuses.plan_context(stack)
    teller = teller or forge.account
    told = statuses.own(forge, landed.pull.head, teller).get(context)
    if told is None or (digest := statuses.digest_in(told)) is None or told.state != SUCCESS:
        said = "no status" if told is None else f"the status {told.state}"
        raise NotApprovedError(
            f"stack {stack}: {landed.title}: its last commit {landed.pull.head[:12]} has {said} `{context}` of "
            f"{printable(teller)}, so no plan was approved; set it by `make plan plan-tell` on that commit, or "
            f"name the report: make deliver STACK={stack} PLAN=reports/plan/report.json"
        )
    return Approval(digest=digest, source=f"pull request {landed.pull.number}, told by {printable(teller)}")


def confirmed(approval: Approval, found: Environment, stack: str) -> None:
    """Raise NotApprovedError unless the plan that was made again is the approved one, and may be done.

    Whoever holds the token may have called a denied plan a good one, and what was allowed then may be denied today.
    """
    if found.digest == approval.digest and found.verdict in (DENIED, FAILED):
        raise NotApprovedError("\n".join(_denied(found, stack)))
    if found.digest == approval.digest:
        return
    lines = [f"stack {stack}: the plan is not the one that was approved; nothing was applied"]
    lines += [f"  approved: {approval.digest} ({approval.source})", f"  now:      {found.digest or 'no plan'}"]
    lines += [f"  {line}" for line in found.errors]
    if approval.changes is None:
        lines += [f"  would do now: {line}" for line in titles(found.changes)] or ["  would do now: nothing"]
    else:
        old, new = titles(approval.changes), titles(found.changes)
        lines += [f"  approved and not planned now: {line}" for line in old if line not in new]
        lines += [f"  planned now and not approved: {line}" for line in new if line not in old]
        if set(old) == set(new):
            lines.append("  the same properties of the same objects get other values, or others must approve")
    lines.append(f"  must approve now: {printable(', '.join(found.approvals)) or 'nobody'}")
    lines.append("  something was merged in between, or the plan was of something else: it needs a new look, by a pull "
                 "request with the plan of now")  # fmt: skip
    raise NotApprovedError("\n".join(lines))


def _denied(found: Environment, stack: str) -> Iterator[str]:
    """What is told of the approved plan where it may not be done."""
    yield f"stack {stack}: the plan is the approved one, and is {found.verdict} now; nothing was applied"
    policies = (f"{one['policy']}: {one['object']}: {one['text']}" for one in found.policy["violations"])
    why = [*found.errors, *policies, *found.reasons]
    yield from (f"  {line}" for line in why[:_MOST])
    if len(why) > _MOST:
        yield f"  and {len(why) - _MOST} more"
    base = found.compared.get("base")
    yield f"  look at it whole: make plan STACK={stack}{f' BASE={base}' if base else ''}"


def earlier(
    forge: Forge,
    history: History,
    landed: Sequence[Landed],
    stack: str,
    *,
    plan: Planner,
    directory: Path,
    teller: str = "",
) -> tuple[list[Entry], list[str]]:
    """Operations of earlier approved plans that were not delivered, and why others do not count.

    Each is planned again at its own commit: what was approved is known by its digest alone. Raise ForgeError.
    """
    found: list[Entry] = []
    why: list[str] = []
    for one in landed:
        try:
            approval = from_forge(forge, one, stack, teller)
            with history.tree(one.commit, directory) as project:
                planned = plan(stack, project, one.before)
            confirmed(approval, planned, stack)
        except NotApprovedError as error:
            why.append(str(error).splitlines()[0])
            continue
        found += planned.changes
    return found, why
