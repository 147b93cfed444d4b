"""`python -m tests.dashboards.support.pictures FOLDER`: each dashboard as a picture, light and dark."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from components.observability.dashboards.boards import BoardArgs, all_dashboards
from components.observability.dashboards.model import Dashboard, placed
from tests.dashboards.support.clock import END, HOUR
from tests.dashboards.support.holder import blocks, holding
from tests.dashboards.support.made import CURRENCY, ENVIRONMENT
from tests.dashboards.support.perses_server import PROJECT, serving

CHOICES = {"tenant": "helpdesk", "kitchen": "support", "adapter": "support-answers"}
_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    *("--run-all-compositor-stages-before-draw", "--force-prefers-reduced-motion"),
)
_MOST_BYTES = 200_000
_PROGRAMS = ("chromium", "pngquant")
_WIDTH, _LINE, _HEAD = 1400, 40, 165


def main() -> int:
    """Draw them all into a folder."""
    if missing := [program for program in _PROGRAMS if shutil.which(program) is None]:
        print(f"{', '.join(missing)}: not on PATH; rule: Debian's packages of these names draw the pictures")
        return 1
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kitchen-pictures-") as scratch:
        place = Path(scratch)
        blocks(place / "data")
        with holding(place / "data") as holder:
            (place / "perses").mkdir()
            with serving(place / "perses", holder.address) as address:
                for board in all_dashboards(BoardArgs(environment=ENVIRONMENT, currency=CURRENCY)):
                    for dark in (False, True):
                        draw(address, board, dark, target, place)
    return 0


def draw(address: str, board: Dashboard, dark: bool, target: Path, scratch: Path) -> None:
    """One picture."""
    asked = {"start": str((END - HOUR) * 1000), "end": str(END * 1000), "refresh": "0s"}
    asked |= {f"var-{choice.name}": CHOICES[choice.name] for choice in board.variables}
    name = board.uid.removeprefix(f"kitchen-{ENVIRONMENT}-")
    file = target / f"dashboard-{name}-{'dark' if dark else 'light'}.png"
    profile = Path(tempfile.mkdtemp(prefix="profile-", dir=scratch))
    words = [
        *("chromium", *_QUIET, f"--user-data-dir={profile}", f"--window-size={_WIDTH},{height(board)}"),
        *("--virtual-time-budget=25000", f"--screenshot={file}", *(["--force-dark-mode"] if dark else [])),
        f"{address}/projects/{PROJECT}/dashboards/{board.uid}?{urlencode(asked)}",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=180)
    assert file.exists(), done.stderr[-2000:]
    shutil.rmtree(profile, ignore_errors=True)
    _made_small(file)


def _made_small(file: Path) -> None:
    """At most 256 colours, and below the size that a repository should take."""
    words = ["pngquant", "--quality", "60-95", "--speed", "1", "--strip", "--force", "--output", str(file), str(file)]
    subprocess.run(words, check=True)
    assert file.stat().st_size < _MOST_BYTES, f"{file.name}: {file.stat().st_size} bytes; rule: under {_MOST_BYTES}"


def height(board: Dashboard) -> int:
    """How high the page is: its rows, each with a heading."""
    lines = 0
    for row in board.rows:
        lines += max(place.y + place.height for place in placed(row, first=1, top=0)) + 1.6
    return int(_HEAD + lines * _LINE)


if __name__ == "__main__":
    sys.exit(main())
