"""Heads of the reports of prepared changes; `python -m tests.engine.support.plan_heads [NAME ...]` writes them anew."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

from ops.plan.markdown import head
from ops.plan.report import Report
from tests.engine.support.plan_changes import CHANGES, Change, Project
from tools.plan.making import Asked, report_of
from tools.toolchain import PREVIEW, ensure

FOLDER = Path(__file__).parents[2] / "unit" / "ops" / "plan" / "heads"


def made(change: Change, folder: Path, directory: Path) -> Report:
    """The report of a change, in a repository of its own below `folder`; bases are known again in `directory`."""
    project = Project(folder)
    project.commit(change.base)
    project.branch(change.edits)
    return report_of((change.stack,), Asked(project=folder, directory=directory))


def fixed(report: Report) -> str:
    """The head without what is another one each day and with each commit."""
    text = head(report)
    for one in report.environments:
        if one.compared["base"]:
            text = text.replace(one.compared["base"][:12], "BASE")
    text = re.sub(r"\b\d{4}-\d{2}-\d{2} \((ends in -?\d+ days|has ended)\)", r"DAY (\1)", text)
    return re.sub(r"until \d{4}-\d{2}-\d{2}", "until DAY", text)


def main(names: list[str]) -> None:
    """Write them."""
    ensure(PREVIEW)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        for change in CHANGES:
            if names and change.name not in names:
                continue
            place = Path(temporary, change.name)
            place.mkdir()
            report = made(change, place, Path(temporary, "kitchen"))
            shutil.rmtree(place)
            (FOLDER / f"{change.name}.md").write_text(fixed(report))
            print(f"{change.name}: {report.verdict}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
