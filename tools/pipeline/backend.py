"""The engine on a stack of your own backend: its runs, its state, and the journal beside it."""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from tools.engine.checkpoints import VARIABLE
from tools.engine.journal import Journal
from tools.engine.outcome import Outcome
from tools.local.errors import LocalError
from tools.local.observed import observed
from tools.local.workspace import JUDGED, POLICY_PACK
from tools.pipeline.hints import hint
from tools.pipeline.stack_file import kept
from tools.toolchain import PREVIEW, environment

_LONGEST = 100_000
TAG = "kitchen:unrecorded"
"""Tag of a stack whose update without checkpoints has begun: the journal, packed."""


class TagShelf:
    """Keeps the journal in a tag of the stack: it lies in the backend, so that it outlives a runner and its disk."""

    def __init__(self, call: Callable[..., str]) -> None:
        """`call` runs the engine's commands on the stack and returns what they print."""
        self._call = call
        self._known = False
        self._journal: Journal | None = None

    def read(self) -> Journal | None:
        """The journal; None without one. Asked once between two runs of the engine."""
        if not self._known:
            tags: dict[str, str] = json.loads(self._call("stack", "tag", "ls", "--json") or "{}")
            self._journal = _unpacked(tags[TAG]) if TAG in tags else None
            self._known = True
        return self._journal

    def forget(self) -> None:
        """Ask anew the next time: a run that waited for the engine's lock, or was refused by it, was not alone."""
        self._known = False

    def write(self, journal: Journal) -> None:
        """Put this one there; the backend writes a tag whole or not at all."""
        self._call("stack", "tag", "set", TAG, _packed(journal))
        self._journal, self._known = journal, True

    def clear(self) -> None:
        """Take it away."""
        if self.read() is not None:
            self._call("stack", "tag", "rm", TAG)
        self._journal = None


class Backend:
    """A stack of the backend that the environment names; updates run with the pack, the settings keep their text.

    `folder` holds the engine's events while it runs.
    """

    def __init__(self, stack: str, project: Path, folder: Path) -> None:
        """Describe it; nothing is asked."""
        self.stack = stack
        self._project = project
        self._folder = folder
        self._deployment: dict[str, Any] | None = None

    @cached_property
    def journal(self) -> TagShelf:
        """Where the journal lies."""
        return TagShelf(self._call)

    def run(
        self,
        command: str,
        *options: str,
        extra: Mapping[str, str] | None = None,
        log: Path | None = None,
        echo: bool | None = None,
        seen: Callable[[Outcome], None] | None = None,
    ) -> Outcome:
        """Run it to its end: an interruption waits for what it is doing."""
        words = ["pulumi", command, "--stack", self.stack, "--non-interactive"]
        words += ["--policy-pack", str(POLICY_PACK)] if command in JUDGED else []
        env = self.environment() | dict(extra or {})
        with kept(self._project / f"Pulumi.{self.stack}.yaml"):
            try:
                return observed(
                    [*words, *options], self._project, env, self._folder, log=log, echo=echo is not False, seen=seen
                )
            finally:
                self._deployment = None
                self.journal.forget()

    def latest(self) -> Mapping[str, Any]:
        """The state; empty without one. Asked once between two runs."""
        return self.exported().get("deployment") or {}

    def exported(self) -> dict[str, Any]:
        """The state as `pulumi stack export` gives it, secrets encrypted; it may be changed to be imported."""
        if self._deployment is None:
            self._deployment = json.loads(self._call("stack", "export"))
        return self._deployment

    def imported(self, deployment: Mapping[str, Any]) -> None:
        """Put a state back, as `pulumi stack import` does: in one piece, and not while an update runs."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "deployment.json"
            file.write_text(json.dumps(deployment))
            self._call("stack", "import", "--file", str(file))
        self._deployment = None

    @staticmethod
    def environment() -> dict[str, str]:
        """The user's environment and the pinned tools; whether checkpoints are written is decided for each update."""
        return {key: value for key, value in environment(PREVIEW).items() if key != VARIABLE}

    def _call(self, *words: str) -> str:
        done = subprocess.run(
            ["pulumi", *words, "--stack", self.stack, "--non-interactive"],
            cwd=self._project,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            said = done.stderr.strip()
            way = hint(said, self.stack)
            raise LocalError(f"stack {self.stack}: pulumi {' '.join(words[:3])} failed: {said}{way}")
        return done.stdout


def _packed(journal: Journal) -> str:
    """The text of a tag, which is a word on a command line: one that is too long says less, and is as safe."""
    packed = base64.b64encode(zlib.compress(journal.text().encode(), 9)).decode()
    if len(packed) <= _LONGEST:
        return packed
    return _packed(replace(journal, everything=True, changed=(), created=()))


def _unpacked(value: str) -> Journal:
    try:
        return Journal.read(zlib.decompress(base64.b64decode(value)).decode())
    except (ValueError, zlib.error):
        return Journal.unknown()
