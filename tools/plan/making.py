"""Makes the report: both sides previewed, held against each other, and told by section."""

from __future__ import annotations

import datetime
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from infra.days import today
from infra.faults import Fault, FaultsError, printable
from infra.load import read_stack_file
from ops.plan.report import Entry, Environment, Report
from tools.local.offline import STACKS
from tools.local.workspace import FOLDER, REPOSITORY
from tools.plan import running
from tools.plan.approvals import Roles, joined, roles, stated_roles
from tools.plan.cache import BaseCache
from tools.plan.comparable import faults
from tools.plan.compiled import share
from tools.plan.environment import How, Side, environment, failed
from tools.plan.facts import Facts, facts
from tools.plan.git import SAID, Git, settings_file
from tools.plan.goal import Goal
from tools.plan.gone import gone, is_gone
from tools.plan.judged import asks_of_base
from tools.plan.made_with import made_with
from tools.plan.place import CACHE, PLAN, alone, cleared, place
from tools.plan.planned import sum_of

_AT_ONCE = 2
"""Engines at work side by side."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is planned: `base` is a revision of Git, None the target branch; `recorded` compares with a backend's state.

    `context` is kubectl's name of a cluster that may be read, for the section on drift; it needs `recorded`. `every`
    asks for environments that only the base has, too. `cache` is the folder of what earlier plans have found.
    """

    base: str | None = None
    recorded: bool = False
    context: str = ""
    every: bool = False
    directory: Path = FOLDER
    cache: str = CACHE
    project: Path = REPOSITORY
    today: datetime.date = field(default_factory=today)


def report_of(stacks: Sequence[str] = STACKS, asked: Asked | None = None) -> Report:
    """The report of what the work tree would change in each environment; raise FaultsError for a base that is none.

    Without a backend no cluster, no store and no secret is asked for. An environment whose settings have faults, or
    whose preview fails, has the verdict `failed`.
    """
    said = asked or Asked()
    git = Git(said.project)
    base = git.base(said.base)
    if wrong := list(faults(git)):
        raise FaultsError("plan", wrong)
    folder = said.directory / PLAN
    if git.holds(folder):
        rule = "must not be in Git: it is what plans keep for themselves, and a change could forge its own base there"
        raise FaultsError(
            "plan", [Fault(path="folder", value=str(folder), rule=rule, example=f"git rm -r --cached {folder}")]
        )
    with place(said.directory) as directory:
        return _report(stacks, replace(said, directory=directory), git, base)


def _report(stacks: Sequence[str], said: Asked, git: Git, base: str | None) -> Report:
    folder = said.directory / PLAN
    with alone(folder), cleared(folder), tempfile.TemporaryDirectory(prefix="base-", dir=folder) as name:
        tree = Path(name) if base else None
        if base and tree:
            there = git.stacks(base)
            stacks = [*stacks, *(one for one in there if said.every and one not in stacks)]
            git.extract(base, tree, [SAID, *map(settings_file, there)])
        plans = _Plans(said, git, base, tree, folder)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            begun = [_Plan(plans, stack) for stack in stacks]
            for one in begun:
                one.start(pool)
            for one in begun:  # bases come last: what their work trees are told says what is asked of them
                one.start_base(pool)
            made = tuple(one.made() for one in begun)
    return Report(environments=made, commit=plans.head)


class _Plans:
    """What all environments of a report share."""

    def __init__(self, said: Asked, git: Git, base: str | None, tree: Path | None, folder: Path) -> None:
        self.said, self.git, self.base, self.tree, self.folder = said, git, base, tree, folder
        self.cache, self.head = BaseCache(folder / said.cache), git.head()
        self.made_with = made_with(said.project)
        self.code = git.changed(base) if base else {}
        self._program = threading.Lock()
        self._is_there = False

    def program(self, base: str, tree: Path) -> None:
        """Have the program of the base there, once; what Python has compiled of the work tree serves its modules."""
        with self._program:
            if not self._is_there:
                self.git.extract(base, tree, self.git.program(base))  # before the link, which leads out of the folder
                (tree / ".venv").symlink_to(self.said.project / ".venv")
                share(self.said.project, tree)
                self._is_there = True


class _Plan:
    """One environment: its settings are read at once, its previews run in the pool."""

    def __init__(self, plans: _Plans, stack: str) -> None:
        self.plans, self.stack = plans, stack
        self.error: FaultsError | None = None
        self.after: Facts | None = None
        self.before = _old_facts(plans.tree, stack)
        self.differs = plans.base is not None and plans.git.differs(plans.base, stack)
        self.new: Future[Goal] | None = None
        self.old: Future[Goal] | None = None
        self.drift: Future[Entry] | None = None

    def start(self, pool: ThreadPoolExecutor) -> None:
        """Begin the preview of the work tree; a base that is known and has the same files stands for it."""
        said, plans = self.plans.said, self.plans
        if plans.base and plans.tree and is_gone(self.stack, said.project, plans.tree):
            self.old = pool.submit(self._gone, plans.base, plans.tree)
            return
        try:
            self.after = facts(said.project, self.stack)
        except FaultsError as error:
            self.error = error
            return
        if not self.differs and not said.recorded and (known := self._known()) is not None and known.judged:
            self.new = Future()
            self.new.set_result(known)
            return
        run = running.recorded if said.recorded else running.offline
        self.new = pool.submit(run, self.stack, said.project, plans.folder / f"{self.stack}-head", said.directory)

    def start_base(self, pool: ThreadPoolExecutor) -> None:
        """Begin the preview of the base, where there is one to compare with."""
        plans = self.plans
        if (
            self.new is not None
            and plans.base
            and plans.tree
            and self.differs
            and not plans.said.recorded
            and (plans.tree / settings_file(self.stack)).is_file()
        ):
            self.old = pool.submit(self._base, plans.base, plans.tree, self.new)
        if self.new is not None and plans.said.context and plans.said.recorded:
            self.drift = pool.submit(self._drift)

    def _base(self, base: str, tree: Path, new: Future[Goal]) -> Goal:
        """What the base declares; with the pack's words only where they may be asked for."""
        judged = bool(self.plans.code) or (new.done() and _asks(new))
        known = self._known()
        return known if known and (known.judged or not judged) else self._previewed(base, tree, judged=judged)

    def _gone(self, base: str, tree: Path) -> Goal:
        return self._known() or self._previewed(base, tree, judged=False)

    def _previewed(self, base: str, tree: Path, *, judged: bool) -> Goal:
        plans = self.plans
        plans.program(base, tree)
        folder = plans.folder / f"{self.stack}-base"
        goal = running.offline(self.stack, tree, folder, plans.said.directory, judged=judged)
        if goal.ended:
            plans.cache.write(self.stack, self._key(base), goal)
        return goal

    def _known(self) -> Goal | None:
        """What an earlier plan has found of the base."""
        return self.plans.cache.read(self.stack, self._key(self.plans.base)) if self.plans.base else None

    def _key(self, commit: str) -> str:
        """What the resources of a commit come from. Approvals end by the day."""
        plans = self.plans
        return sum_of([plans.git.program_sum(commit, self.stack), plans.made_with, plans.said.today.isoformat()])

    def made(self) -> Environment:
        """Wait for the previews and tell what they found."""
        made = self._made()
        if not self.plans.said.context:
            return made
        return replace(made, drift=self._drift() if self.drift is None else self.drift.result())

    def _made(self) -> Environment:
        said, base = self.plans.said, self.plans.base
        code = self.plans.code
        if base and self.old is not None and self.new is None:
            return gone(self.stack, base, self.old.result(), code, self._groups())
        if self.error is not None or self.after is None or self.new is None:
            return failed(self.stack, base, str(self.error).splitlines())
        new = Side(facts=self.after, goal=self.new.result())
        old = self._old(new)
        if new.goal.ended and not said.recorded:
            self._keep(new.goal)
        how = How(base=base, today=said.today, recorded=said.recorded, is_new=self._is_new(), code=code,
                  groups=self._groups())  # fmt: skip
        return environment(self.stack, old, new, how)

    def _keep(self, goal: Goal) -> None:
        """Keep what a commit declares, which may be the base of the next plan; not what was edited meanwhile."""
        git, head = self.plans.git, self.plans.head
        if head is not None and git.head() == head and not git.differs(head, self.stack):
            self.plans.cache.write(self.stack, self._key(head), goal)

    def _is_new(self) -> bool:
        tree = self.plans.tree
        return tree is not None and not (tree / settings_file(self.stack)).is_file()

    def _groups(self) -> Roles | None:
        """Who has which role in the base, also where its settings cannot be used any more.

        Of a new environment they are those of all others: it would otherwise name its own approvers.
        """
        if self.before is not None:
            return roles(self.before.settings)
        tree = self.plans.tree
        if tree is None:
            return None
        files = tree.glob("Pulumi.*.yaml") if self._is_new() else [tree / settings_file(self.stack)]
        every = [found for file in sorted(files) if (found := _stated(file)) is not None]
        return joined(every) if every else None

    def _drift(self) -> Entry:
        said, folder = self.plans.said, self.plans.folder / f"{self.stack}-drift"
        why = "no backend is named whose state it could be held against (PULUMI_BACKEND_URL)"
        if running.backend_named():
            why = "with --base a commit is compared, and not the state of the backend"
        if said.recorded and self.after is not None:
            from tools.plan.drifted import drifted  # noqa: PLC0415 - most plans look at no cluster

            return drifted(self.stack, said.project, folder, said.context)
        if said.recorded:
            why = "the work tree has no settings of it that can be used"
        return {"text": f"cluster {printable(said.context)} not looked at: {why}", "lines": []}

    def _old(self, new: Side) -> Side | None:
        """The side of the base; the work tree's own where nothing of the program differs.

        None where there is no base, or where its own preview fails: what it declares is not known then.
        """
        if self.plans.said.recorded:
            return Side(facts=self.before, goal=Goal(after=new.goal.before))
        if self.plans.base is None:
            return None
        if not self.differs:
            return Side(facts=new.facts, goal=new.goal)
        if self.old is None or self.plans.tree is None:
            return None
        old = self.old.result()
        if not old.judged and self.new is not None and _asks(self.new):
            old = self._previewed(self.plans.base, self.plans.tree, judged=True)
        return Side(facts=self.before, goal=old) if old.is_whole else None


def _asks(new: Future[Goal]) -> bool:
    """Whether the pack has to see the base too. Where code differs it always has to: the base may have another pack."""
    goal = new.result()
    return goal.remediated or asks_of_base(goal.outcome)


def _stated(file: Path) -> Roles | None:
    try:
        return stated_roles(read_stack_file(file))
    except FaultsError:
        return None


def _old_facts(tree: Path | None, stack: str) -> Facts | None:
    """What the base says; None where it has no such stack, or where it cannot be read by today's rules."""
    try:
        return facts(tree, stack) if tree else None
    except FaultsError:
        return None
