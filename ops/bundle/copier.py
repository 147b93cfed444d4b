"""The copier of images, `kitchen-copier`: a process that is given one job, and whose events are followed.

It moves bytes as they are: no digest changes on the way. It ends when this process ends, however that happens.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

from infra.faults import Fault, FaultsError, printable
from infra.strict_json import parse
from ops.bundle.errors import ToolError
from ops.bundle.progress import Progress

NAME = "kitchen-copier"
PROTOCOL = 2
"""Form of jobs and events; a copier of another form is not used."""

NEEDED = (
    f"images are copied by {NAME}, which is neither on PATH nor in the toolchain's cache; run `make copier`, or bring "
    "OCI layouts: images/<name>/ below --from"
)
PATIENCE = {
    "attempts": 6,
    "firstWaitSeconds": 1.0,
    "longestWaitSeconds": 30.0,
    "idleSeconds": 60.0,
    "mostAskedSeconds": 900.0,
}
"""Attempts in a row without progress, the wait before the second one (it doubles), how long nothing may move, and the
longest wait that a server may ask for (`Retry-After`)."""

_STOP_SECONDS = 10.0
_EXAMPLE = "docker.io/vllm/vllm-openai@sha256:<64 hexadecimal digits>"


@dataclass(frozen=True, kw_only=True)
class Copier:
    """An executable that understands our jobs."""

    path: Path
    version: str


@cache
def find() -> Copier | None:
    """Return the copier of PATH, else the newest of the toolchain's cache, or None."""
    named = shutil.which(NAME)
    places = [Path(named)] if named else []
    cached = _cache().glob(f"copier-*/{NAME}")
    places += sorted(cached, key=lambda path: path.stat().st_mtime, reverse=True)
    return next((found for path in places if (found := _asked(path)) is not None), None)


def needed() -> Copier:
    """Return the copier, or raise ToolError that says how to have it."""
    found = find()
    if found is None:
        raise ToolError(NEEDED)
    return found


def follow(job: Mapping[str, Any], what: str, say: Callable[[str], None], *, quiet: bool) -> Iterator[dict[str, Any]]:
    """Run a job and yield its events `plan`, `refused`, `taken` and `done`; tell progress and retries.

    The job goes on behind its plan only when the next event is asked for. `what` is named in every line. Raise
    FaultsError for an image that cannot be taken as it is, ToolError for anything that a registry, a disk or the copier
    refused. A caller that stops reading ends the job.
    """
    with tempfile.TemporaryFile() as errors, _started(errors) as process:
        try:
            yield from _events(process, {**job, "patience": PATIENCE}, what, say, quiet=quiet)
        finally:
            _end(process)
        if process.returncode != 0:
            raise ToolError(f"{what}: {_ending(process.returncode, errors)}; run it again to go on")


def _started(errors: IO[bytes]) -> subprocess.Popen[bytes]:
    path = needed().path
    try:
        return subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
    except OSError as error:
        raise ToolError(f"{path} cannot be started: {error.strerror}") from error


def _events(
    process: subprocess.Popen[bytes], job: Mapping[str, Any], what: str, say: Callable[[str], None], *, quiet: bool
) -> Iterator[dict[str, Any]]:
    assert process.stdin is not None  # noqa: S101 - for the type checker; both are pipes
    assert process.stdout is not None  # noqa: S101 - as above
    try:
        process.stdin.write(json.dumps(job).encode() + b"\n")
        process.stdin.flush()  # it stays open: when it closes, the copier ends
    except OSError:
        return  # it has ended already; its status says why
    progress = None
    for line in process.stdout:
        event = parse(line)
        kind = event.pop("event")
        if kind == "plan":
            progress = Progress(f"copy {what}", event["total"], quiet=quiet)
            progress.advance(event["there"], skipped=True)
        if kind == "bytes" and progress is not None:
            progress.advance(event["count"])
        elif kind == "retry":
            say(printable(f"{what}: {event['what']}: {event['text']}; again in {event['seconds']:g} s"))
        elif kind == "say":
            say(printable(f"{what}: {event['text']}"))
        elif kind == "fail":
            raise _failure(event, what, judged=job["do"] == "fetch")
        else:
            yield {"event": kind, **event}
            if kind == "plan":
                _agree(process.stdin)


def _agree(pipe: IO[bytes]) -> None:
    """The plan has been looked at: the copier may begin."""
    with contextlib.suppress(OSError):  # it has ended already; its status says why
        pipe.write(b"go\n")
        pipe.flush()


def _failure(event: Mapping[str, Any], what: str, *, judged: bool) -> Exception:
    """An image outside is judged, and may be at fault; inside, whatever goes wrong is the registry's or the disk's."""
    if event["rule"] and not judged:
        return ToolError(f"{what}: {event['path']}: {event['text']}; rule: {event['rule']}")
    if event["rule"]:
        fault = Fault(path=f"{what}: {event['path']}", value=event["text"], rule=event["rule"], example=_EXAMPLE)
        return FaultsError("bundle", [fault])
    checks = "check: the registry, its certificate, and the login that docker, podman or oras keep"
    if event["disk"]:
        checks = "check: the disk, and run it again to go on"
    return ToolError(f"{what}: {event['text']}; {checks}")


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                continue  # a job that it did not read to its end
    try:
        process.wait(_STOP_SECONDS)
    except BaseException:  # the keyboard's second stop, too
        process.kill()
        process.wait()
        raise


def _ending(status: int, errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read()[-4000:].decode(errors="replace").strip().splitlines()
    if status < 0:
        return f"{NAME} was ended by signal {-status}"
    return f"{NAME} has ended with status {status}{': ' + lines[-1][:400] if lines else ''}"


def _asked(path: Path) -> Copier | None:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = done.stdout.split()
    right = done.returncode == 0 and len(words) == 4 and words[0] == NAME and words[2:] == ["protocol", str(PROTOCOL)]
    return Copier(path=path, version=words[1]) if right else None


def _cache() -> Path:
    """The toolchain's cache: where `make copier` puts it."""
    chosen = os.environ.get("KITCHEN_CACHE_DIR")
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    root = Path(chosen) if chosen else Path(base) / "private-ai-kitchen"
    return root.expanduser() / "toolchain"
