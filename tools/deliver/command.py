"""`make deliver`: from the approved plan to the status on the commit, step by step."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from infra.catalog import load_catalog
from infra.faults import MISSING, Fault, FaultsError
from infra.load import settings_from_file
from ops.forge.errors import ForgeError
from ops.forge.settings import Place, place
from ops.forge.things import FAILURE, PENDING, SUCCESS, Forge, Status
from ops.plan.report import Entry, Environment
from ops.tell import statuses
from tools.deliver.approved import Approval, Planner, confirmed, earlier, from_file, from_forge, planner
from tools.deliver.audit import audited, summed
from tools.deliver.calls import NOT_CALLED, NOT_MEANT, WRONG, Acceptance, acceptance, call
from tools.deliver.errors import NotApprovedError
from tools.deliver.gate import Gate
from tools.deliver.history import History, Landed
from tools.deliver.steps import Steps
from tools.deliver.waiting import LOADED_SECONDS, Waiting
from tools.engine.outcome import Outcome
from tools.engine.recovery import to_recover
from tools.local.errors import LocalError
from tools.local.targeted import Targeted
from tools.local.workspace import FOLDER, REPOSITORY
from tools.pipeline.backend import Backend
from tools.pipeline.by_hand import Stack
from tools.pipeline.deploy import NEEDED, deploy
from tools.pipeline.failed import LockedError, UnfinishedError
from tools.progress import note

NO_STACK = "none"
_EVERY = 15.0
_LOOKS = 4


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is delivered and how. `plan` names a report in place of the forge's word. `accept` are patterns of objects.

    `after` is the stack that must be delivered before, "none" for no such one. `wait` are seconds for which another
    run is waited for, `ready` those for the kitchens. `options` go to the engine.
    """

    stack: str
    plan: Path | None = None
    accept: Sequence[str] = ()
    after: str = NO_STACK
    wait: float = 0.0
    ready: float = 1200.0
    distrust: bool = False
    take_back: str = ""
    project: Path = REPOSITORY
    directory: Path = FOLDER
    options: Sequence[str] = ()


@dataclass
class Delivery:
    """One delivery; `steps` say how far it is. `teller` is the account that tells plans, "" for the token's own."""

    asked: Asked
    planner: Planner
    sleep: Callable[[float], None] = time.sleep
    steps: Steps = field(init=False)
    forge: Forge | None = None
    teller: str = ""
    tried: bool = False
    """Whether an update may have changed something."""
    called: str = "0 of 0"
    """How many models have answered, of how many."""

    def __post_init__(self) -> None:
        """Nothing is asked yet."""
        self.steps = Steps(self.asked.stack)
        self.history = History(self.asked.project)

    def prepare(self) -> None:
        """Look at everything that can be wrong before anything is asked or done; raise FaultsError with all of it."""
        faults = [
            Fault(path=name, value=MISSING, rule="the environment names the backend of the state",
                  example=f"{name}=s3://pulumi-state") for name in NEEDED if not os.environ.get(name)
        ]  # fmt: skip
        where, more = _place()
        faults += more
        if where is None and not more:
            faults += self._without_token()
        self._acceptance = Acceptance()
        try:
            self._acceptance = acceptance()
        except FaultsError as error:
            faults += error.faults
        if faults:
            raise FaultsError("deliver", faults)
        self._settings = settings_from_file(self.asked.project / f"Pulumi.{self.asked.stack}.yaml", load_catalog())
        self._acceptance.check(self._settings)
        self.steps.commit = self.history.commit()
        if where is not None:
            if where.commit not in (None, self.steps.commit):
                rule = f"must be the commit that is checked out: {self.steps.commit}"
                fault = Fault(path="KITCHEN_FORGE_COMMIT", value=where.commit, rule=rule, example="git checkout COMMIT")
                raise FaultsError("deliver", [fault])
            self.forge, self.history.branch, self.teller = where.forge(), where.branch, where.teller

    def _without_token(self) -> list[Fault]:
        """Without a forge a person says which plan was approved, and that nothing else has to be delivered before."""
        stack, after = self.asked.stack, self.asked.after
        wrong = []
        if self.asked.plan is None:
            wrong.append(("PLAN names the report that was approved", "PLAN=reports/plan/report.json"))
        if after != NO_STACK:
            wrong.append((f"nobody knows whether {after} was delivered", "AFTER=none"))
        return [
            Fault(path="KITCHEN_FORGE_TOKEN", value=MISSING, rule=f"without a token of the forge {rule}",
                  example=f"make deliver STACK={stack} {word}") for rule, word in wrong
        ]  # fmt: skip

    def run(self) -> None:
        """Do it; raise LocalError (NotApprovedError before anything was done), FaultsError, ForgeError."""
        self._in_order()
        plan, landed = self._approved()
        self._say(PENDING, "begun")
        self._update(plan.changes, landed)
        self._call()
        self._audit()

    def _in_order(self) -> None:
        after, stack = self.asked.after, self.asked.stack
        if after == NO_STACK or self.forge is None:
            return
        told = statuses.own(self.forge, self.steps.commit).get(statuses.deliver_context(after))
        if told is None or told.state != SUCCESS:
            said = "was not delivered" if told is None else f"has the status {told.state}: {told.description}"
            raise NotApprovedError(
                f"stack {stack}: {after} comes first, and this commit {said} there; nothing was applied; deliver "
                f"{after} first: make deliver STACK={after}, or say that it need not be: make deliver STACK={stack} "
                "AFTER=none"
            )

    def _approved(self) -> tuple[Environment, Iterator[Landed]]:
        asked = self.asked
        approval, base, landed = self._approval()
        found = self.planner(asked.stack, asked.project, base)
        confirmed(approval, found, asked.stack)
        self.steps.done("approved plan", f"{approval.source}: {found.verdict}, {found.digest}")
        return found, landed

    def _approval(self) -> tuple[Approval, str | None, Iterator[Landed]]:
        """What was approved, the commit that it is compared with, and what else was not delivered yet, if asked for."""
        asked = self.asked
        if asked.plan is not None:
            approval = from_file(asked.plan, asked.stack)
            return approval, approval.base, iter(())
        if self.forge is None:
            raise AssertionError
        if (newer := self.history.newer(self.forge, asked.stack)) is not None:
            raise NotApprovedError(
                f"stack {asked.stack}: a newer commit, {newer[:12]}, was delivered already or has begun to be: this "
                "one would take it back; nothing was applied; to go back, revert by a pull request; else deliver the "
                "newest: "
                f"git checkout {self.history.branch} && make deliver STACK={asked.stack}"
            )
        rest = self.history.landed(self.forge, asked.stack)
        first = next(rest)
        return from_forge(self.forge, first, asked.stack, self.teller), first.before, rest

    def _update(self, changes: Sequence[Entry], landed: Iterator[Landed]) -> None:
        asked, end = self.asked, time.monotonic() + self.asked.wait

        def others() -> tuple[Sequence[Entry], Sequence[str]]:
            rest = [*landed]
            if self.forge is None or not rest:
                return (), ()
            note(f"stack {asked.stack}: {len(rest)} earlier merges were not delivered; their plans are made again")
            folder = asked.directory / "deliver"
            return earlier(self.forge, self.history, rest, asked.stack, plan=self.planner, directory=folder,
                           teller=self.teller)  # fmt: skip

        gate = Gate(stack=asked.stack, planned=changes, earlier=others, accepted=asked.accept)
        while True:
            gate.passed = False  # another run has changed the state since
            try:
                deploy(asked.stack, asked.options, asked.project, asked.directory, take_back=asked.take_back,
                       wait=asked.ready, distrust=asked.distrust, gate=gate)  # fmt: skip
                self.tried = True
                break
            except LockedError as error:
                if time.monotonic() > end:
                    raise LockedError(
                        f"{error}\nstack {asked.stack}: another run is at work on it, and nothing was changed here; "
                        f"wait for it: make deliver STACK={asked.stack} WAIT=1800; if it is gone for good: "
                        f"pulumi cancel --stack {asked.stack}"
                    ) from None
                note(f"stack {asked.stack}: another run is at work on it; waiting")
                self._wait(end)
            except UnfinishedError as error:
                self.tried = True
                self.steps.done("update")
                self.steps.failed("kitchens Ready", str(error).splitlines()[0])
                raise
            except BaseException:
                self.tried = self.tried or gate.passed
                raise
        self.steps.done("update")
        self._ready()

    def _wait(self, end: float) -> None:
        """Until the state says that the other run has ended; a minute at most, for a lost one never says so.

        An attempt meanwhile, whose engine comes just as the other's goes, takes its update for one that was cut.
        """
        asked = self.asked
        for _ in range(_LOOKS):
            self.sleep(_EVERY)
            other = Backend(asked.stack, asked.project, asked.directory)
            with suppress(LocalError):  # what ails the backend the next attempt tells
                if time.monotonic() > end or to_recover(other) is None:
                    return

    def _ready(self) -> None:
        """The update has waited for them; a cluster that cannot be asked proves nothing."""
        asked = self.asked
        engine = Targeted(run=_no_run, stack=Backend(asked.stack, asked.project, asked.directory))
        known = Stack(name=asked.stack, project=asked.project, command="", engine=engine)
        verdict = known.readiness(0.0)
        if verdict.waiting:
            self.steps.failed("kitchens Ready", *verdict.lines())
            raise LocalError(f"stack {asked.stack}: the update is done, and {verdict.waiting[0]} is not Ready")
        states = verdict.states
        if not states and self._settings.kitchens and not self._settings.render_to:
            raise LocalError(
                f"stack {asked.stack}: the update is done, and nobody knows whether its kitchens are Ready: the "
                "cluster must be reached by kubectl"
            )
        self.steps.done(
            "kitchens Ready", f"{len(states)} of {len(states)}" if states else "none: objects are files here"
        )

    def _call(self) -> None:
        waiting = Waiting(LOADED_SECONDS, self.sleep)
        found = call(self._settings, load_catalog(), self._acceptance, self._settings.cluster_context, waiting)
        lines = [str(one) for one in found if one.outcome == WRONG]
        passed = [one for one in found if one.outcome in (NOT_CALLED, NOT_MEANT)]
        answered = len(found) - len(lines) - len(passed)
        self.called = f"{answered} of {sum(one.outcome != NOT_MEANT for one in found)}"
        head = f"{self.called} answered"
        if lines:
            self.steps.failed("models called", head, *lines)
            raise LocalError(f"stack {self.asked.stack}: models do not answer as they must: {lines[0]}")
        self.steps.done("models called", head, *(str(one) for one in passed))

    def _audit(self) -> None:
        asked = self.asked
        state = Backend(asked.stack, asked.project, asked.directory).exported()
        rows = audited(asked.project / f"Pulumi.{asked.stack}.yaml", state, sleep=self.sleep)
        same, lines = summed(rows)
        if not same:
            self.steps.failed("audit", *lines)
            raise LocalError(f"stack {asked.stack}: what is there is not what Git declares: {lines[1]}")
        self.steps.done("audit", *lines)

    def tell(self, state: str, said: str) -> bool:
        """The result on the commit; whether it stands there."""
        if self.forge is None:
            self.steps.done("status", "no token: told nowhere")
            return True
        try:
            self._say(state, said)
        except ForgeError as error:
            self.steps.failed("status", str(error))
            return False
        self.steps.done("status", f"{statuses.deliver_context(self.asked.stack)}: {state}")
        return True

    def _say(self, state: str, said: str) -> None:
        if self.forge is not None:
            context = statuses.deliver_context(self.asked.stack)
            statuses.put(self.forge, self.steps.commit, [Status(context=context, state=state, description=said[:140])])


def _no_run(*_: object, **__: object) -> Outcome:
    raise AssertionError


def _place() -> tuple[Place | None, tuple[Fault, ...]]:
    try:
        return place(), ()
    except FaultsError as error:
        return None, error.faults


def new(asked: Asked) -> Delivery:
    """A delivery with the planner of `kitchen plan`."""
    return Delivery(asked, planner(asked.directory))


__all__ = ["FAILURE", "SUCCESS", "Asked", "Delivery", "new"]
