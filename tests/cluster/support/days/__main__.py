"""`make days`: play every bad day on a kitchen of its own, and write docs/days.md."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path

from botocore.exceptions import ClientError

from tests.cluster.support.days.day import Row
from tests.cluster.support.days.groups import GROUPS
from tests.cluster.support.days.play import play
from tests.cluster.support.days.previews import PREVIEWS, previews
from tests.cluster.support.days.scene import Scene
from tests.cluster.support.environments import make
from tools.local.up import LocalKitchen
from tools.local.workspace import FOLDER, REPOSITORY
from tools.progress import say

REPORT = REPOSITORY / "docs" / "days.md"
_HEAD = """\
# Bad days

What happens to a running kitchen, what the next `make up` says, and what becomes of it. `make days` plays each of
these days on the embedded cluster and writes this page. What to do is in the [runbook](runbook.md) and in
[troubleshooting](troubleshooting.md).

- *Converged*: the command ended as it must. After what a person does then, one more `make up` has nothing to do and
  nothing to say.
- *Nothing lost or doubled*: every object, entry of the state and file from before is there once, and nothing was made
  anew that had not been harmed.

| day | what the user saw | converged | nothing lost or doubled |
|---|---|---|---|
"""


def report(rows: Sequence[Row], folder: Path) -> str:
    """The page; the kitchen's `folder` is written as a user's is called."""
    return _HEAD + "".join(
        f"| {row.case} | {'<br>'.join(_cells(row, folder)) or '-'} | {_word(row.converged)} | {_word(row.kept)} |\n"
        for row in rows
    )


def main() -> int:
    """Play all; 1 when a day is not as it must be."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="days-") as folder:
        kitchen = LocalKitchen(Path(folder) / "kitchen")
        make("up", kitchen.folder)
        with kitchen.cluster:
            for group in GROUPS:
                rows += _told(
                    group.name, [day.case for day in group.days], lambda group=group: play(Scene(kitchen), group)
                )
            rows += _told("previews", [day.case for day in PREVIEWS], lambda: previews(Scene(kitchen)))
            kitchen.down()
    REPORT.write_text(report(rows, kitchen.folder))
    say(f"days: {sum(row.good for row in rows)} of {len(rows)} as they must be; {REPORT.relative_to(REPOSITORY)}")
    return 0 if all(row.good for row in rows) else 1


def _told(name: str, cases: Sequence[str], play_all: Callable[[], Sequence[Row]]) -> Sequence[Row]:
    """Play a group and say what became of it; one that cannot be played is as bad as one that ends badly."""
    say(f"days: {name}")
    try:
        with redirect_stdout(io.StringIO()):  # what each command said is shown by the tests alone
            rows = play_all()
    except (AssertionError, subprocess.TimeoutExpired, ClientError) as error:
        rows = [Row(case=case, saw=[], missing=[f"could not be played: {error}"], converged=False, kept=False)
                for case in cases]  # fmt: skip
    for row in rows:
        say(f"days: {'as it must be' if row.good else 'NOT AS IT MUST BE'}: {row.case if row.good else row}")
    return rows


def _cells(row: Row, folder: Path) -> list[str]:
    return [_cell(line.replace(str(folder), FOLDER.name)) for line in dict.fromkeys(row.saw)]


def _cell(line: str) -> str:
    return f"`{line.replace('|', chr(92) + '|').replace('`', chr(39))}`"


def _word(good: bool) -> str:
    return "yes" if good else "**no**"


if __name__ == "__main__":
    sys.exit(main())
