"""`python -m tools.demo`: bring the demo's kitchen up, call it three times, and stay until Ctrl-C."""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from infra.faults import FaultsError
from tools.cluster import ClusterError
from tools.command import exit_status
from tools.demo import calls
from tools.demo.errors import DemoError
from tools.demo.kitchen import DemoKitchen
from tools.demo.plan import AUDIENCE, CALLS_A_MINUTE, ISSUER, MINE, demo
from tools.demo.processes import Processes
from tools.demo.tokens import LocalIssuer
from tools.local.workspace import FOLDER
from tools.progress import say, step

_TOKEN_SECONDS = 12 * 3600
_CALLER = "ana"


def main(argv: list[str] | None = None) -> int:
    """Run the demo; every failure is one message on stderr and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo", description=__doc__)
    parser.add_argument(
        "--directory",
        type=Path,
        default=Path(os.environ.get("KITCHEN_DIRECTORY") or FOLDER),
        metavar="DIR",
        help="below it lie the demo's files (KITCHEN_DIRECTORY, else .kitchen)",
    )
    parser.add_argument("--once", action="store_true", help="end after the calls")
    arguments = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    return exit_status(
        lambda: _run(arguments.directory.absolute(), once=arguments.once),
        prefix="demo",
        errors=(DemoError, FaultsError, ClusterError),
        interrupted="demo: ended, and with it all that it had started",
    )


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(directory: Path, *, once: bool) -> int:
    if shutil.which("curl") is None:
        raise DemoError("curl: not on PATH; rule: the demo calls the kitchen with it; example: apt-get install curl")
    with _alone(directory) as folder, Processes(folder) as processes:
        issuer = LocalIssuer(ISSUER, AUDIENCE)
        shown = demo(issuer)
        kitchen = DemoKitchen(shown, folder, processes)
        with step("demo: 1 of 3: writing models, certificate and configuration", "demo: 1 of 3: files are written"):
            kitchen.write(issuer.token(seconds=_TOKEN_SECONDS, sub=_CALLER, groups=[MINE]))
        kitchen.start()
        say("demo: 3 of 3: three calls")
        wrong = _call(calls.calls(shown, kitchen.ports.callers, _short(folder)))
        print(_closing(kitchen, folder), flush=True)
        if not once:
            print("Ctrl-C ends the demo.", flush=True)
        while not once:
            processes.check()
            time.sleep(1)
    if wrong:
        raise DemoError(f"another answer than expected: {', '.join(wrong)}")
    return 0


def _call(every: list[calls.Call]) -> list[str]:
    """Make the calls and show them; return what was answered otherwise than it must be."""
    wrong = []
    for number, call in enumerate(every, 1):
        status, body = calls.run(call, Path.cwd())
        print(f"\n{number}. {call.title}:\n{call.command}\nanswered {status}:\n{calls.shown(body)}", flush=True)
        if status != call.status:
            wrong.append(f"{call.title}: {status}, not {call.status}")
    return wrong


def _closing(kitchen: DemoKitchen, folder: Path) -> str:
    return f"""
The model is a small stand-in with random weights: its words mean nothing, and yet each adapter has its own.
address   https://localhost:{kitchen.ports.callers}/v1
caller    {_CALLER} of the group {MINE}; the token in {_short(folder)}/caller.header ends in 12 hours
limit     {CALLS_A_MINUTE} calls a minute for each model that this caller may call; then 429
record    {_short(Path(kitchen.plan.record_path))}: a line for each call, some seconds after it
logs      {_short(folder)}: vllm.log, envoy.log, check.log"""


def _short(path: Path) -> str:
    """A path as a person types it here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


@contextmanager
def _alone(directory: Path) -> Iterator[Path]:
    """The demo's folder, while no other demo uses it; the lock goes with this process."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(f"{directory}: another demo runs there; rule: end it first, by Ctrl-C") from None
        yield directory / "demo"


if __name__ == "__main__":
    sys.exit(main())
