"""`make kills RUNS=100 SEED=1`: updates are killed at random moments, with and without checkpoints; a table counts.

Each run takes a kitchen that is whole, begins a change, kills it at a random moment between its begin and its usual
end, and runs the next update: on to the same settings, or back to those before. It has converged when the preview after
that shows no change. Then state, cluster and store are compared: what is there twice, and what is lost.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.support import wholeness
from tests.cluster.support.environments import environment, objects
from tests.cluster.support.kubectl import Kubectl, eventually
from tests.cluster.support.update_once import Kitchen
from tools.cluster.processes import with_variable
from tools.engine.words import table
from tools.local.orphans import WORKSPACE_VARIABLE
from tools.local.workspace import REPOSITORY, Workspace

Settings = dict[str, Any]
CHECKPOINTS = ("kept", "skipped")
VICTIMS = ("engine", "engine and plugins", "command", "all")
_SECONDS = 300.0
_UNKNOWN_SECONDS = 12.0
_HELPDESK = {"owner": "support-team", "costCentre": "4711", "quota": {"gpus": 2}}
_SALES = {"owner": "sales-operations", "costCentre": "4720", "quota": {"gpus": 2}}
_SUPPORT = {"tenant": "helpdesk", "baseModel": "tsuzumi-7b-instruct/v1", "pool": "l40s",
            "adapters": ["helpdesk-faq/v2026-02-01"],
            "runtime": {"maxLoras": 2, "maxLoraRank": 16, "maxModelLen": 8192, "concurrency": 8}}  # fmt: skip
_SUMMARY = {"tenant": "sales", "baseModel": "tsuzumi-7b-instruct/v1", "pool": "l40s", "loraMode": "hot",
            "adapters": ["sales-summary/v2026-03-15"],
            "runtime": {"maxLoras": 1, "maxLoraRank": 8, "maxModelLen": 8192, "concurrency": 8}}  # fmt: skip

SMALL: Settings = {"tenants": {"helpdesk": _HELPDESK}, "kitchens": {"support": _SUPPORT}}
LARGE: Settings = {
    "tenants": {"helpdesk": _HELPDESK, "sales": _SALES},
    "kitchens": {"support": _SUPPORT, "summary": _SUMMARY},
}
ADAPTER: Settings = SMALL | {
    "kitchens": {
        "support": _SUPPORT | {"adapters": ["helpdesk-faq/v2026-02-01", "helpdesk-classifier/v2026-02-01"]},
    }
}
VALUES: Settings = {
    "tenants": {
        "helpdesk": _HELPDESK | {"owner": "others", "quota": {"gpus": 3, "cpu": 48}, "groups": {"caller": ["callers"]}}
    },
    "kitchens": {"support": _SUPPORT | {"runtime": _SUPPORT["runtime"] | {"drainSeconds": 600}}},  # type: ignore[operator]
}
STAGES: dict[str, Settings] = {"small": SMALL, "large": LARGE, "adapter": ADAPTER, "values": VALUES}
"""From each of them to each other: tenants come and go, adapters, groups, quotas and durations change."""
NOTHING = "nothing"
"""Where nothing of the kitchen is there but the store and what is in it."""
_EVERY = 10
"""One run in so many is a first update."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One run: to which stage, how it is recorded, who is killed when, and whether the next update goes back."""

    is_first: bool
    target: str
    checkpoints: str
    victim: str
    share: float
    is_back: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """What became of a run; `recorded` and `there` count objects at the moment of the kill."""

    plan: Plan
    change: str
    back: bool
    seconds: float
    recorded: str
    there: int
    converged: bool
    doubled: tuple[str, ...]
    lost: tuple[str, ...]
    took: float

    def cells(self, number: int) -> tuple[str, ...]:
        """The row of the table."""
        plan = self.plan
        return (
            str(number), self.change, plan.checkpoints, plan.victim, f"{self.seconds:.1f} s ({plan.share:.0%})",
            self.recorded, str(self.there), "back" if self.back else "on", "yes" if self.converged else "NO",
            str(len(self.doubled)), str(len(self.lost)), f"{self.took:.0f} s",
        )  # fmt: skip


HEADER = (
    "RUN", "CHANGE", "CHECKPOINTS", "KILLED", "AFTER", "STATE", "THERE", "NEXT", "CONVERGED", "DOUBLED", "LOST", "TOOK",
)  # fmt: skip


def plans(runs: int, seed: int) -> Iterator[Plan]:
    """So many runs, always the same ones for a seed; every second one without checkpoints."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    for number in range(runs):
        yield Plan(
            is_first=number // 2 % _EVERY == 0,
            target=chance.choice(list(STAGES)),
            checkpoints=CHECKPOINTS[number % 2],
            victim=chance.choice(VICTIMS),
            share=chance.random(),
            is_back=chance.random() < 0.5,
        )


class Field:
    """One kitchen in which runs are made one after the other."""

    def __init__(self, folder: Path) -> None:
        """Keep it in `folder`; nothing is started."""
        self.folder = folder
        self.kitchen = Kitchen(folder, SMALL)
        self._usual: dict[str, float] = {}
        self._standing: str | None = None
        self._update: subprocess.Popen[str] | None = None

    def begin(self) -> None:
        """Cluster, artifacts and the smallest settings: from here on everything is an update."""
        self.kitchen.up()
        self._standing = "small"

    def end(self) -> None:
        """End what still works, and remove everything."""
        if self._update and self._update.poll() is None:
            self._strike(self._update, "all")
            self._update.communicate(timeout=_SECONDS)
            eventually(lambda: not self._engines(), "no engine works any more", _SECONDS)
        self.kitchen.down()

    def run(self, plan: Plan) -> Row | None:
        """Kill one update and look what becomes of it; None for one that had ended before its moment."""
        started = time.monotonic()
        if plan.is_first:
            self.raze()
            self._standing = NOTHING
        elif self._standing is None:
            self.updated(SMALL)
            self._standing = "small"
        before, after = self._standing, plan.target
        if before == after:
            after = "small" if before != "small" else "large"
        # What the change itself removes may be gone, on whichever way it goes on.
        kept = {name: uid for name, uid in wholeness.claims(self.kitchen).items() if _holds(STAGES[after], name[1])}
        brought = wholeness.artifacts(self.kitchen)
        moment, is_killed = self._killed(f"{before} to {after}", plan, STAGES[after])
        if not is_killed:
            self._standing = after
            return None
        latest = self.workspace.latest()
        known, pending = (len(latest.get(key) or ()) for key in ("resources", "pending_operations"))
        there = len(objects(Kubectl(self.kitchen.cluster.kubeconfig)))
        is_back = plan.is_back and before != NOTHING
        wanted = before if is_back else after
        said = self._updated(STAGES[wanted], "judged")
        self._standing = wanted if said.returncode == 0 else None
        now = wholeness.claims(self.kitchen)
        gone = [f"volume made anew: {name}" for name, uid in kept.items() if name in now and now[name] != uid]
        gone += [f"volume gone: {name}" for name in kept if name not in now and _holds(STAGES[wanted], name[1])]
        gone += [] if brought.items() <= wholeness.artifacts(self.kitchen).items() else ["artifacts differ"]
        if said.returncode != 0:
            gone.append(f"the next update failed: {said.stdout[-600:]}")
        return Row(
            plan=plan,
            change=f"{before} to {after}",
            back=is_back,
            seconds=moment,
            recorded=f"{known} recorded, {pending} pending",
            there=there,
            converged=said.returncode == 0 and self._is_still(),
            doubled=tuple(self._once(wholeness.doubled)),
            lost=(*gone, *wholeness.lost(self.kitchen)),
            took=time.monotonic() - started,
        )

    @property
    def workspace(self) -> Workspace:
        """Its state and settings."""
        return self.kitchen.workspace

    def killed_when(self, settings: Settings, checkpoints: str, reached: Callable[[], object]) -> None:
        """Begin an update and kill everything of it as soon as something is reached."""
        update = self._start(settings, checkpoints)
        try:
            self._engine(update)
            while not reached():
                assert update.poll() is None, f"the update ended before: {update.communicate()[0]}"
            self._strike(update, "all")
        finally:
            update.communicate(timeout=_SECONDS)
        eventually(lambda: not self._engines(), "no engine works any more", _SECONDS)
        self._standing = None

    def updated(self, settings: Settings, checkpoints: str = "judged") -> str:
        """Update to its end, which must be a good one; what it says."""
        done = self._updated(settings, checkpoints)
        assert done.returncode == 0, done.stdout
        self._standing = None
        return " ".join(done.stdout.split())

    def is_whole(self) -> bool:
        """Whether a preview shows no change, and nothing is doubled or lost."""
        assert self._is_still()
        assert self._once(wholeness.doubled) == []
        assert wholeness.lost(self.kitchen) == []
        return True

    def raze(self) -> None:
        """Remove everything of the environment but the store and what is in it, the state too."""
        kubectl = Kubectl(self.kitchen.cluster.kubeconfig)
        ours = ("-l", "app.kubernetes.io/part-of=private-ai-kitchen")
        kubectl("delete", "namespaces,priorityclasses", *ours, "--timeout=120s")
        for user in wholeness.users(self.kitchen):
            wholeness.administrator(self.kitchen).user_remove(user)
        for path in (self.workspace.state_file, self.workspace.backup):
            path.unlink(missing_ok=True)
        self.workspace.journal.clear()

    def _killed(self, change: str, plan: Plan, settings: Settings) -> tuple[float, bool]:
        """Begin an update and kill it at its moment; seconds that it had worked, and whether it was killed.

        One that ended before its moment teaches how long it takes.
        """
        key = f"{change} {plan.checkpoints}"
        usual = self._usual.get(key, _UNKNOWN_SECONDS)
        update = self._start(settings, plan.checkpoints)
        try:
            self._engine(update)
            begun = time.monotonic()
            while time.monotonic() - begun < plan.share * usual and update.poll() is None:
                time.sleep(0.01)
            moment = time.monotonic() - begun
            self._strike(update, plan.victim)
        finally:
            update.communicate(timeout=_SECONDS)
        eventually(lambda: not self._engines(), "no engine works any more", _SECONDS)
        if update.returncode == 0:
            self._usual[key] = min(usual, moment)
        return moment, update.returncode != 0

    def _strike(self, update: subprocess.Popen[str], victim: str) -> None:
        """Kill the victim; where no engine works at this moment, the command."""
        engine = next(iter(self._engines()), update.pid)
        pids = {"engine": [engine], "command": [update.pid], "all": [update.pid], "engine and plugins": [engine]}[
            victim
        ]
        if victim in ("all", "engine and plugins"):
            pids += [found.pid for found in with_variable(WORKSPACE_VARIABLE, str(self.workspace.folder))]
        for pid in dict.fromkeys(pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _engine(self, update: subprocess.Popen[str]) -> int:
        """Wait for the engine of the update itself; its number."""
        limit = time.monotonic() + _SECONDS
        while time.monotonic() < limit and update.poll() is None:
            if found := [pid for pid in self._engines() if b"--target" not in _words(pid)]:
                return found[0]
            time.sleep(0.02)
        raise AssertionError(f"no update began: {update.communicate()[0]}")

    def _engines(self) -> list[int]:
        return [
            found.pid
            for found in with_variable(WORKSPACE_VARIABLE, str(self.workspace.folder))
            if _words(found.pid)[:1] == [b"pulumi"] and {b"up", b"refresh"} & set(_words(found.pid)[:3])
        ]

    def _updated(self, settings: Settings, checkpoints: str) -> subprocess.CompletedProcess[str]:
        begun = time.monotonic()
        update = self._start(settings, checkpoints)
        text, _ = update.communicate(timeout=_SECONDS)
        print(f"  {checkpoints}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
        return subprocess.CompletedProcess(update.args, update.returncode, text)

    def _start(self, settings: Settings, checkpoints: str) -> subprocess.Popen[str]:
        wish = json.dumps({"settings": settings, "checkpoints": checkpoints})
        words = [sys.executable, "-m", "tests.cluster.support.update_once", str(self.folder), wish]
        self._update = subprocess.Popen(
            words, cwd=REPOSITORY, env=environment(self.folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        return self._update

    def _is_still(self) -> bool:
        """Whether a preview shows no change."""
        log = self.folder / "kills.log"
        shown = self.workspace.run("preview", "--suppress-outputs", log=log, extra=self.kitchen.credentials())
        return shown.status == 0 and not shown.changes()

    def _once(self, look: Any) -> list[str]:
        """What is found, after a while in which what is removed goes."""
        limit = time.monotonic() + 30
        while (found := look(self.kitchen)) and time.monotonic() < limit:
            time.sleep(1)
        return list(found)


def _holds(settings: Settings, namespace: str) -> bool:
    return namespace.removesuffix("-dev") in settings["tenants"]


def _words(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def main() -> int:
    """Make the runs, print a row for each and the sums; 1 where anything has not converged, is doubled or lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.support.kills", description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="half of them without checkpoints (10)")
    parser.add_argument("--seed", type=int, default=1, help="the same runs again (1)")
    parser.add_argument("--directory", type=Path, help="keep the kitchen there for further runs (a folder of its own)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is ended
    rows: list[Row] = []
    if arguments.directory:
        rows += made(Field(arguments.directory.absolute()), arguments.runs, arguments.seed)
    else:
        with tempfile.TemporaryDirectory(prefix="kitchen-kills-") as temporary:
            field = Field(Path(temporary) / "kitchen")
            try:
                rows += made(field, arguments.runs, arguments.seed)
            finally:
                field.end()
    print(table(HEADER, [row.cells(number) for number, row in enumerate(rows, 1)]))
    sums = [(mode, *_sums([row for row in rows if row.plan.checkpoints == mode])) for mode in CHECKPOINTS]
    print(table(("CHECKPOINTS", "KILLS", "CONVERGED", "DOUBLED", "LOST"), sums))
    return 0 if all(row.converged and not row.doubled and not row.lost for row in rows) else 1


def made(field: Field, runs: int, seed: int) -> Iterator[Row]:
    """Make the runs; each row is printed as it comes."""
    field.begin()
    for number, plan in enumerate(plans(runs, seed), 1):
        while (row := field.run(plan)) is None:
            pass
        print("  ".join(row.cells(number)), flush=True)
        for fault in (*row.doubled, *row.lost):
            print(f"     {fault}", flush=True)
        yield row


def _sums(rows: list[Row]) -> tuple[str, ...]:
    doubled, lost = sum(len(row.doubled) for row in rows), sum(len(row.lost) for row in rows)
    return str(len(rows)), str(sum(row.converged for row in rows)), str(doubled), str(lost)


if __name__ == "__main__":
    sys.exit(main())
