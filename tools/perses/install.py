"""Makes a Perses that is whole or not there: server, pages, and plugins with schemas that check every panel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools.progress import step

MODULE = "github.com/perses/perses"
VERSION = "0.52.0"
SUM = "h1:pives1Ky15uGxBPqiggHabmnxH3S849Vse7qYGOgcig="
"""Sum of the module's files, which hold the lock of its pages' packages with their own sums."""

_HERE = Path(__file__).resolve().parent
_PLUGINS = {
    "prometheus-plugin": "prometheus",
    "timeseries-chart-plugin": "timeseries",
    "stat-chart-plugin": "stat",
    "table-plugin": "table",
}
"""Packages, and the folder of their schemas here: npm's archives have none, and without one Perses takes no panel."""

_VARIABLES = {"TURBO_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1", "GOWORK": "off", "CGO_ENABLED": "0"}
_NPM = ("--ignore-scripts", "--no-audit", "--no-fund")


class PersesError(Exception):
    """One clear message for the user."""


def install(folder: Path) -> None:
    """Install into a folder that is not there yet; raise PersesError. About ten minutes on two cores."""
    for tool in ("go", "node", "npm"):
        if shutil.which(tool) is None:
            raise PersesError(f"{tool}: not on PATH; rule: Perses is built with Go 1.25 and Node.js 20 or newer")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".perses-", dir=folder.parent) as scratch:
        place = Path(scratch)
        made = place / "made"
        made.mkdir()
        with step(f"perses {VERSION}: fetching", f"perses {VERSION}: fetched"):
            source = _source(place)
            _plugins(place, made / "plugins")
        with step("perses: building its pages, about 5 minutes", "perses: pages built"):
            _pages(source)
        with step("perses: building its server", "perses: server built"):
            _run(["go", "build", "-trimpath", "-ldflags=-s -w", "-o", str(made / "perses"), "./cmd/perses"], source)
        made.rename(folder)


def _source(place: Path) -> Path:
    """A copy of the module that may be written to."""
    empty = place / "module"
    empty.mkdir()
    said = json.loads(_run(["go", "mod", "download", "-json", f"{MODULE}@v{VERSION}"], empty))
    if said.get("Sum") != SUM:
        raise PersesError(f"{MODULE}@v{VERSION}: sum {said.get('Sum')}; rule: must be {SUM}")
    source = place / "source"
    shutil.copytree(said["Dir"], source)
    for path in (source, *source.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)
    return source


def _pages(source: Path) -> None:
    _run(["npm", "ci", *_NPM], source / "ui")
    _run(["npx", "--no-install", "turbo", "run", "build", "--filter=@perses-dev/app"], source / "ui")
    _run(["bash", "scripts/compress_assets.sh"], source)


def _plugins(place: Path, target: Path) -> None:
    fetched = place / "plugins"
    shutil.copytree(_HERE / "plugins", fetched)
    _run(["npm", "ci", "--legacy-peer-deps", *_NPM], fetched)
    for package, schemas in _PLUGINS.items():
        folder = target / package
        shutil.copytree(fetched / "node_modules" / "@perses-dev" / package, folder)
        shutil.copytree(_HERE / "schemas" / schemas, folder / "schemas", dirs_exist_ok=True)
        said = json.loads((folder / "package.json").read_text())
        said["perses"]["schemasPath"] = "schemas"
        (folder / "package.json").write_text(json.dumps(said))
        (folder / "cue.mod").mkdir(exist_ok=True)
        (folder / "cue.mod" / "module.cue").write_text(
            f'module: "kitchen.example/{schemas}"\nlanguage: version: "v0.13.2"\n'
        )


def _run(words: Sequence[str], place: Path) -> str:
    done = subprocess.run(
        words, cwd=place, capture_output=True, text=True, check=False, env={**os.environ, **_VARIABLES}
    )
    if done.returncode != 0:
        last = (done.stdout + done.stderr).strip()[-800:]
        raise PersesError(f"{' '.join(words[:3])}: ended with status {done.returncode}\n{last}")
    return done.stdout
