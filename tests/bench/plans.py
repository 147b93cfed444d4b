"""Part `plan`: `kitchen plan` of both environments, beside the two previews alone, in copies of this work tree."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.measured import Run, Way, alternating, figures, measure, times
from tests.bench.progress import Progress
from tests.bench.sections import Section, Table
from tests.delivery.support.scratch import Scratch
from tools.local.offline import offline_workspace
from tools.local.workspace import Workspace

ROUNDS = 5
STACKS = ("dev", "prod")
ALONE = "the two previews alone"
HEADER = ("what", "previews", "median", "processor", "ratio", "of processor")
NOTE = """\
`kitchen plan` of dev and prod, as a command, with the start of Python; beside it the two previews of the work tree
alone, with the policy pack, side by side as a plan runs them. Runs take turns; each ratio is the median of the rounds'
own, by seconds and by processor seconds. A base is known where an earlier plan of the day has previewed it: a pipeline
of main does. A base that is not known is previewed without the policy pack, unless code differs too."""

_RANK = ("maxLoraRank: 16", "maxLoraRank: 32")
_CODE = ("Pulumi.yaml", "Private AI Kitchen", "The Private AI Kitchen")


def plan(folder: Path) -> Section:
    """Measure every way once a round."""
    both, code = (_changed(folder / name, STACKS) for name in ("both", "code"))
    one = _changed(folder / "one", STACKS[:1])
    code.change(*_CODE)
    code.commit("other code")
    workspaces = [_workspace(both, stack, folder / "alone" / stack) for stack in STACKS]
    ways = {
        ALONE: (2, Way(run=lambda: _together(workspaces))),
        "both change, base known": (2, _way(both)),
        "one changes, base known": (1, _way(one)),
        "both change, base not known": (4, _way(both, known=False)),
        "one changes, base not known": (3, _way(one, known=False)),
        "code differs, base not known": (4, _way(code, known=False)),
    }
    for _, way in ways.values():  # compiles what is not compiled, and makes the stacks
        way.run()
    plain = {name: way for name, (_, way) in ways.items()}
    found = alternating(plain, ROUNDS, "plan", Progress("plan", ROUNDS))
    rows = [(name, str(number), *times(name, plain[name], found)) for name, (number, _) in ways.items()]
    return Section(title="A plan", tables=[Table(header=HEADER, rows=rows, note=NOTE)], figures=figures(found))


def _changed(folder: Path, stacks: Sequence[str]) -> Scratch:
    """A copy of this work tree with a change of some environments, committed on a branch."""
    scratch = Scratch(folder)
    scratch.make()
    scratch.git("checkout", "--quiet", "-b", "change")
    for stack in stacks:
        scratch.change(f"Pulumi.{stack}.yaml", *_RANK)
    scratch.commit("a higher rank")
    return scratch


def _way(scratch: Scratch, *, known: bool = True) -> Way:
    return Way(run=lambda: _plan(scratch, known=known), beside=(ALONE,))


def _plan(scratch: Scratch, *, known: bool = True) -> Run:
    """One plan; a base that was not known is known after it, so that each way finds what it is about."""
    if not known:
        shutil.rmtree(scratch.root / ".kitchen" / "plan" / "cache", ignore_errors=True)
    words = [sys.executable, "-m", "ops", "plan", *(word for stack in STACKS for word in ("--stack", stack))]
    return measure(words, _environment(scratch.root), scratch.root)


def _workspace(scratch: Scratch, stack: str, folder: Path) -> Workspace:
    made = offline_workspace(stack, folder)
    workspace = Workspace(folder, stack, made.kubeconfig, scratch.root)
    workspace.prepare({})
    return workspace


def _together(workspaces: Sequence[Workspace]) -> Run:
    """Previews with the pack, all at once."""
    with ThreadPoolExecutor(len(workspaces)) as pool:
        runs = list(pool.map(_preview, workspaces))
    seconds, peak = max(run.seconds for run in runs), max(run.peak_mb for run in runs)
    return Run(seconds=seconds, cpu=sum(run.cpu for run in runs), peak_mb=peak)


def _preview(workspace: Workspace) -> Run:
    words = ["pulumi", "preview", "--non-interactive", "--suppress-outputs", "--stack", workspace.stack]
    words += ["--config-file", str(workspace.config_file), "--policy-pack", str(workspace.project / "policies")]
    return measure(words, {**workspace.environment(), "PYTHONPATH": str(workspace.project)}, workspace.project)


def _environment(project: Path) -> dict[str, str]:
    outer = ("PULUMI_BACKEND_URL", "KITCHEN_DIRECTORY", "GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
    return {key: value for key, value in os.environ.items() if key not in outer} | {"PYTHONPATH": str(project)}
