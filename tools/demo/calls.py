"""Three calls by curl, as a person would type them, and what they must be answered."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from infra.faults import printable
from tools.demo.errors import DemoError
from tools.demo.plan import Demo

_STATUS = "\\n%{http_code}"
_SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class Call:
    """A command, what it shows, and the status that it must be answered with."""

    title: str
    command: str
    status: int


def calls(demo: Demo, port: int, folder: str) -> list[Call]:
    """An adapter and the base model, which answer, and an adapter that the caller may not use."""
    return [
        Call(title="an adapter", command=_command(demo.open, port, folder), status=200),
        Call(title="the base model", command=_command(demo.base, port, folder), status=200),
        Call(title="an adapter that this caller may not use", command=_command(demo.closed, port, folder), status=403),
    ]


def run(call: Call, place: Path) -> tuple[int, str]:
    """Run the very command that is shown; return status and body. Raise DemoError when curl gets no answer."""
    words = shlex.split(call.command.replace("\\\n", " "))
    if shutil.which(words[0]) is None:
        raise DemoError("curl: not on PATH; rule: the demo calls the kitchen with it; example: apt-get install curl")
    done = subprocess.run(words, cwd=place, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode != 0:
        raise DemoError(f"curl: {printable(done.stderr.strip()) or done.returncode}")
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def shown(body: str) -> str:
    """A body on the screen: each line printable."""
    return "\n".join(f"  {printable(line)}" for line in body.strip().splitlines())


def _command(model: str, port: int, folder: str) -> str:
    body = {
        "model": model,
        "messages": [{"role": "user", "content": "When is the help desk open?"}],
        "max_tokens": 24,
        "temperature": 0,
    }
    lines = [
        ["curl", "-sS", "--noproxy", "localhost", "--cacert", f"{folder}/ca.crt", "-w", _STATUS],
        ["-H", f"@{folder}/caller.header", "-H", "Content-Type: application/json"],
        ["-d", json.dumps(body)],
        [f"https://localhost:{port}/v1/chat/completions"],
    ]
    return " \\\n  ".join(shlex.join(line) for line in lines)
