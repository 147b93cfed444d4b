"""An environment whose settings file goes: nothing is planned of it, and what its stack has stays where it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ops.plan import report
from ops.plan.report import OPERATIONS, Environment
from tools.plan import code
from tools.plan.approvals import PLATFORM, SECURITY, Asked, Roles
from tools.plan.compare import digest
from tools.plan.git import settings_file
from tools.plan.goal import Goal


def is_gone(name: str, project: Path, tree: Path | None) -> bool:
    """Whether the base has settings of the environment, and the work tree none."""
    file = settings_file(name)
    return tree is not None and (tree / file).is_file() and not (project / file).is_file()


def gone(name: str, base: str, goal: Goal, files: Mapping[str, str], groups: Roles | None) -> Environment:
    """What is told of it; `goal` is what the base declares, `files` are those of code that differ, by their sums."""
    lines = code.lines(files)
    why = f"environment {name} goes: its stack keeps its objects until pulumi destroy --stack {name}"
    whom = Asked(groups or Roles(groups={}, owners={}))
    whom.role(PLATFORM, why)
    for line in lines:
        whom.role(SECURITY if line.startswith(code.OF_SECURITY) else PLATFORM, line)
    same = sum(resource.is_object for resource in goal.after.values()) if goal.ended else 0
    return Environment(
        name=name,
        verdict=report.NEEDS_APPROVAL,
        compared={"kind": "base", "base": base, "text": f"commit {base[:12]} has settings of it, the work tree none"},
        digest=digest((), code={**files, settings_file(name): ""}, approvals=whom.approvals),
        counts={**dict.fromkeys(OPERATIONS, 0), "same": same},
        approvals=whom.approvals,
        reasons=whom.reasons,
        notes=[why, *lines],
        next={
            "command": f"git checkout {base[:12]}; pulumi destroy --stack {name}",
            "back": "git revert COMMIT",
        },
    )
