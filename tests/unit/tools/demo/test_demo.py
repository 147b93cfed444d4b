"""The demo with a stand-in for vLLM and the real Envoy: its calls, its record, and that nothing is left after it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.lines import json_lines
from tests.support.signals import hear_sigint
from tests.support.waiting import until
from tools.demo import calls
from tools.demo.kitchen import PYTHON
from tools.demo.plan import CALLS_A_MINUTE, demo
from tools.demo.tokens import LocalIssuer
from tools.local.workspace import REPOSITORY

SECONDS = 300


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """An interpreter that has no vLLM but a small server."""
    path = tmp_path / "python"
    server = REPOSITORY / "tests" / "support" / "stand_in_server.py"
    path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(server))} "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def started(python: Path, tmp_path: Path) -> Iterator[Any]:
    """Starts the demo in a folder of its own, as `make demo` does."""
    running: list[subprocess.Popen[str]] = []

    def start(*words: str, **env: str) -> subprocess.Popen[str]:
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "tools.demo", "--directory", str(tmp_path / "kitchen"), *words],
                cwd=REPOSITORY,
                env={**os.environ, PYTHON: str(python), **env},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                preexec_fn=hear_sigint,  # noqa: PLW1509 - one call of the system
            )
        )
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=SECONDS)


def answers(told: str) -> list[tuple[int, dict[str, Any]]]:
    """Status and body of each call on the screen."""
    found = re.findall(r"^answered (\d+):\n  (.*)$", told, re.MULTILINE)
    return [(int(status), json.loads(body)) for status, body in found]


def iter_until(stream: Any, last: str) -> Iterator[str]:
    """Lines up to one; fails when it does not come."""
    for line in iter(stream.readline, ""):
        yield line
        if line == last:
            return
    raise AssertionError(f"ended without {last!r}")


def children(folder: Path) -> list[int]:
    """Processes whose command line or working directory lies in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                place = str((entry / "cwd").readlink())
            except OSError:
                continue
            if place.startswith(str(folder / "kitchen")):
                found.append(int(entry.name))
    return found


def test_three_calls_and_their_record(started: Any, tmp_path: Path) -> None:
    process = started("--once")
    told, progress = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, progress
    (adapter, base, closed) = answers(told)
    assert [adapter[0], base[0], closed[0]] == [200, 200, 403]
    assert (adapter[1]["model"], base[1]["model"]) == ("helpdesk-faq", "support")
    assert {adapter[1]["authorization"], base[1]["authorization"]} == {None}, "no server sees a token"
    assert closed[1]["error"]["code"] == "model_not_found"
    assert children(tmp_path) == []
    lines = json_lines(tmp_path / "kitchen" / "demo" / "calls.jsonl")
    assert [(line["asked"], line["status"]) for line in lines[-3:]] == [
        ("helpdesk-faq", 200),
        ("support", 200),
        ("helpdesk-classifier", 403),
    ]
    assert [re.search(rf"demo: {step} of 3: ", progress) is None for step in (1, 2, 3)] == [False] * 3
    header = (tmp_path / "kitchen" / "demo" / "caller.header").read_text()
    assert header.split()[-1] not in told + progress
    assert (tmp_path / "kitchen" / "demo").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stays_until_it_is_told_to_end(number: signal.Signals, started: Any, tmp_path: Path) -> None:
    process = started()
    list(iter_until(process.stdout, "Ctrl-C ends the demo.\n"))
    assert len(children(tmp_path)) == 3
    second = started()
    _, why = second.communicate(timeout=SECONDS)
    assert (second.returncode, len(why.splitlines())) == (1, 1)
    assert "another demo runs there" in why
    assert len(children(tmp_path)) == 3
    process.send_signal(number)
    _, progress = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert progress.endswith("demo: ended, and with it all that it had started\n")
    assert children(tmp_path) == []


def test_its_limit_holds(started: Any, tmp_path: Path) -> None:
    process = started()
    told = list(iter_until(process.stdout, "Ctrl-C ends the demo.\n"))
    place = tmp_path / "kitchen" / "demo"
    (address,) = [line.split()[1] for line in told if line.startswith("address ")]
    name, _, value = (place / "caller.header").read_text().strip().partition(": ")
    body = json.dumps({"model": "helpdesk-faq", "prompt": "Hello"}).encode()
    url = f"{address}/completions"
    request = urllib.request.Request(url, body, {name: value, "Content-Type": "application/json"})  # noqa: S310
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=place / "ca.crt"))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), trust)

    def status() -> int:
        try:
            with opener.open(request, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    # One call has been made, and a minute may end meanwhile.
    statuses = [status() for _ in range(2 * CALLS_A_MINUTE + 1)]
    assert statuses[: CALLS_A_MINUTE - 1] == [200] * (CALLS_A_MINUTE - 1)
    assert set(statuses) == {200, 429}


def test_what_it_started_ends_with_it_even_when_it_is_killed(started: Any, tmp_path: Path) -> None:
    process = started()
    list(iter_until(process.stdout, "Ctrl-C ends the demo.\n"))
    assert len(children(tmp_path)) == 3
    process.kill()
    process.wait()
    end = time.monotonic() + SECONDS
    while children(tmp_path):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_process_that_ends_ends_the_demo(started: Any, tmp_path: Path) -> None:
    process = started()
    list(iter_until(process.stdout, "Ctrl-C ends the demo.\n"))
    (check,) = [pid for pid in children(tmp_path) if b"check_calls" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(check, signal.SIGKILL)
    _, why = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert "demo: check: has ended with status -9" in why
    assert children(tmp_path) == []


def test_a_taken_port_is_left_alone(started: Any) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

        def ours() -> bool:
            """Somebody else's, such as another run's demo, could be free again before ours looks."""
            with contextlib.suppress(OSError):
                taken.bind(("127.0.0.1", 8443))
                return True
            return False

        with contextlib.suppress(AssertionError):  # who has it for longer keeps it, which is as good
            until(ours, seconds=20)
            taken.listen()
        process = started("--once")
        told, progress = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, progress
    assert "https://localhost:8443" not in told


LACKS: dict[str, tuple[dict[str, str], str]] = {
    "no vLLM": ({PYTHON: ""}, f"demo: {PYTHON}: missing; rule: the Python that has vLLM; example: make demo"),
    "no such Python": ({PYTHON: "/nowhere/python"}, f"demo: {PYTHON}: /nowhere/python; rule: "),
    "no curl": ({"PATH": "/nowhere"}, "demo: curl: not on PATH; rule: "),
    "a server that ends": ({PYTHON: "/bin/false"}, "demo: vllm: has ended with status 1\n"),
}


@pytest.mark.parametrize("case", LACKS)
def test_what_is_missing_is_one_message(case: str, started: Any, tmp_path: Path) -> None:
    env, why = LACKS[case]
    process = started("--once", **env)
    told, progress = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert told == ""
    assert why in progress
    assert "Traceback" not in progress
    assert children(tmp_path) == []


def test_what_is_shown_is_what_is_run() -> None:
    made = calls.calls(demo(LocalIssuer("https://issuer.demo.example", "kitchen")), 8443, ".kitchen/demo")
    for call in made:
        script = f'curl() {{ printf "%s\\n" "$@"; }}\n{call.command}'
        done = subprocess.run(["bash", "-eu", "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines() == shlex.split(call.command.replace("\\\n", " "))[1:]


def test_an_answer_moves_no_cursor() -> None:
    assert calls.shown('{"a": "\x1b[2J"}\nb') == '  {"a": "\\x1b[2J"}\n  b'
