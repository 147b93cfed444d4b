"""Each side of the comparison: its pins, asked of its own code, and the environment in which its engine runs."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools import venv as packages
from tools.own_file import create, is_there, text
from tools.progress import say
from tools.upgrade.errors import UpgradeError

LOCK = "requirements.lock"
_STAMP = ".requirements.stamp"
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s\\;]+)", re.MULTILINE)
_ASK = """
import json, pathlib, sys
try:
    import tools.toolchain
    if not pathlib.Path(tools.toolchain.__file__).resolve().is_relative_to(pathlib.Path.cwd()):
        raise ImportError("it has no tools/toolchain, so it pins no versions")
    from tools.toolchain import PREVIEW, FAMILIES, data, ensure, environment
    ensure([*PREVIEW, "crds"])
    own = {key: value for key, value in environment(PREVIEW).items() if key == "PATH" or key.startswith("PULUMI_")}
    crds = str(data("crds"))
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
judged = [FAMILIES[name] for name in (*PREVIEW, "kserve")]
print(json.dumps({
    "tools": {family.name: [family.version, family.key()] for family in judged},
    "modules": {source.module.path: source.module.version for source in FAMILIES["crds"].data},
    "environment": own,
    "crds": crds,
}))
"""
"""Run with the code of a side's own tree. What it lacks of tools is provided first, with progress on stderr."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """Versions that work together: tools by name with the digest of their pins, modules of CRDs, Python packages."""

    name: str
    venv: Path
    tools: Mapping[str, tuple[str, str]]
    modules: Mapping[str, str]
    packages: Mapping[str, str]
    environment: Mapping[str, str]
    crds: Path


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One pin that is not the same on both sides; an empty version means that it is not there."""

    what: str
    base: str
    work: str


def side_of(name: str, tree: Path, venv: Path) -> Side:
    """Ask the code in `tree` for its pins, and provide what it lacks; raise UpgradeError with what it said."""
    done = subprocess.run(
        [str(venv / "bin" / "python"), "-c", _ASK],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise UpgradeError(f"what the {name} pins cannot be had, for the reason above; its files are in {tree}")
    told = json.loads(done.stdout.splitlines()[-1])
    return Side(
        name=name,
        venv=venv,
        tools={key: (version, digest) for key, (version, digest) in told["tools"].items()},
        modules=told["modules"],
        packages=dict(_PIN.findall(text(tree / LOCK))),
        environment=told["environment"],
        crds=Path(told["crds"]),
    )


def venv_of(tree: Path, repository: Path, folder: Path) -> Path:
    """The Python environment of a tree's lock file: the one that runs this where the locks are equal, else its own."""
    lock = text(tree / LOCK)
    if lock == text(repository / LOCK):
        return Path(sys.prefix)
    venv = folder / f"venv-{hashlib.sha256(lock.encode()).hexdigest()[:12]}"
    if not is_there(venv / _STAMP):
        say("the base has another requirements.lock: its packages are installed into an environment of its own")
        try:
            packages.make(venv, tree / LOCK)
        except packages.VenvError as error:
            raise UpgradeError(f"the packages of the base cannot be installed: {error}") from error
        create(venv / _STAMP, "every package is there\n")
    return venv


def differences(base: Side, work: Side) -> Iterator[Difference]:
    """Every pin that differs: tools, modules of CRDs, and the packages of the lock files."""
    for name in sorted({*base.tools, *work.tools}):
        old, new = base.tools.get(name, ("", "")), work.tools.get(name, ("", ""))
        if old != new:
            same = old[0] == new[0]
            yield Difference(what=name, base=old[0], work=f"{new[0]}, built of other modules" if same else new[0])
    for title, old_pins, new_pins in (
        ("CRDs of", base.modules, work.modules),
        ("package", base.packages, work.packages),
    ):
        for name in sorted({*old_pins, *new_pins}):
            if old_pins.get(name) != new_pins.get(name):
                what, old_pin, new_pin = f"{title} {name}", old_pins.get(name, ""), new_pins.get(name, "")
                yield Difference(what=what, base=old_pin, work=new_pin)
