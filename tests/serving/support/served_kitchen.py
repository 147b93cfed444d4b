"""A kitchen as the program renders it, run as processes on this machine: real vLLM on CPU, real scripts, real MinIO."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.support.minio_server import MinioServer
from tests.support.ports import free_ports
from tools import fixtures
from tools.demo.on_cpu import (
    ADDED_ARGUMENTS,
    ADDED_ENVIRONMENT,
    DROPPED_ARGUMENTS,
    REPLACED_ARGUMENTS,
    distribution,
)
from tools.local.workspace import REPOSITORY

PYTHON = "KITCHEN_SERVING_PYTHON"
"""Environment variable: the interpreter that has vLLM."""

PROMPT = "The kitchen is open from eight to six, and what it serves today is this: " * 2
"""Longer than a block of the prefix cache (128 tokens on CPU, a token a letter)."""

STACK = "dev"
BUCKET, MODELS = "dev-lora", "dev-models"
START_SECONDS = 300

# Beside what tools.demo.on_cpu changes: paths of mounts, the two ports, the interpreter, the store's address and key.


def render(folder: Path) -> list[dict[str, Any]]:
    """Every object of the stack, by the command that a person types."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.local", "render", "--stack", STACK, "--directory", str(folder)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [yaml.safe_load(path.read_text()) for path in sorted((folder / "rendered" / STACK).rglob("*.yaml"))]


def one(documents: list[dict[str, Any]], kind: str, start: str) -> dict[str, Any]:
    (found,) = [d for d in documents if d["kind"] == kind and d["metadata"]["name"].startswith(start)]
    return found


class ServedKitchen:
    """One kitchen's server; subclasses know what stands beside it. `paths` are mounts in a pod and here."""

    def __init__(self, folder: Path, store: MinioServer, name: str) -> None:
        self.folder, self.store, self.name = folder, store, name
        self.documents = render(folder / "render")
        runtime = one(self.documents, "ServingRuntime", f"{name}-vllm")["spec"]["containers"][0]
        self.predictor = one(self.documents, "InferenceService", name)["spec"]["predictor"]
        model = self.predictor["model"]
        self.server = {
            "command": runtime["command"],
            "args": [*runtime["args"], *model["args"]],  # KServe puts them behind one another
            "env": [*runtime["env"], *model.get("env", [])],
            "volumeMounts": [*runtime["volumeMounts"], *model["volumeMounts"]],
            "workingDir": model.get("workingDir"),
        }
        self.port, self.status_port = free_ports(2)
        self.ports = {"8080": str(self.port), "8081": str(self.status_port)}
        self.paths: dict[str, Path] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def mount(self, mounts: list[dict[str, Any]]) -> None:
        """Give each volume a folder of its own."""
        for mount in mounts:
            path = self.folder / "volumes" / mount["name"]
            path.mkdir(parents=True, exist_ok=True)
            self.paths[mount["mountPath"]] = path

    def publish(self, ref: str, *, like: str = "", rank: int = 8, damage: bool = False) -> dict[str, Any]:
        """Put an adapter, or the content of another one, into the bucket and return its entry of the manifest."""
        fixture = fixtures.AdapterFixture(ref=like or ref, base_model=fixtures.BASE_MODELS[0], rank=rank)
        files = fixtures.adapter_files(fixture)
        for path, content in files.items():
            body = bytes([content[0] ^ 1]) + content[1:] if damage else content
            self.store.client().put_object(Bucket=BUCKET, Key=f"{ref}/{path}", Body=body)
        name, version = ref.split("/")
        entries = [
            {"path": path, "sha256": hashlib.sha256(content).hexdigest(), "sizeBytes": len(content)}
            for path, content in files.items()
        ]
        return {"name": name, "version": version, "files": entries}

    def serve(self) -> None:
        python = os.environ[PYTHON]
        words = [python, *self.server["command"][1:], *self._server_arguments()]
        env = self.environment(self.server) | ADDED_ENVIRONMENT | distribution(self.folder / "python")
        place = self.server["workingDir"]
        self.start("server", words, env, self.paths[place] if place else None)

    def store_environment(self) -> dict[str, str]:
        """The store here, and a key of it, in place of the rendered ones."""
        return {
            "AWS_ENDPOINT_URL": self.store.endpoint,
            "AWS_ACCESS_KEY_ID": self.store.access_key,
            "AWS_SECRET_ACCESS_KEY": self.store.secret_key,
        }

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
            os.killpg(process.pid, signal.SIGKILL)  # the engine core is a child of its own
        process.wait()

    def ends(self, name: str, seconds: float) -> int:
        """Wait until a process ends by itself; return its exit status."""
        return self.processes[name].wait(seconds)

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, port: int | None = None
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=60)
        sent = {"content-type": "application/json", **(headers or {})}
        connection.putrequest(method, path, skip_accept_encoding=True)
        text = b"" if body is None else json.dumps(body).encode()
        for name, value in {**sent, "content-length": str(len(text))}.items():
            connection.putheader(name, value)
        connection.endheaders(text)
        answer = connection.getresponse()
        said = answer.read().decode()
        connection.close()
        return answer.status, said

    def answer(self, model: str) -> str | None:
        """The model's greedy answer to one prompt; None where it is not served."""
        body = {"model": model, "prompt": PROMPT, "max_tokens": 12, "temperature": 0}
        body |= {"ignore_eos": True, "skip_special_tokens": False}
        code, said = self.call("POST", "/v1/completions", body)
        assert code in (200, 404), said
        return str(json.loads(said)["choices"][0]["text"]) if code == 200 else None

    def wait(self, what: Callable[[], object], seconds: float = 60) -> float:
        """Wait until it holds; return how long that took."""
        start = time.monotonic()
        while time.monotonic() - start < seconds:
            for name, process in self.processes.items():
                assert process.poll() is None, f"{name} ended:\n{self.log(name)[-4000:]}"
            try:
                if what():
                    return time.monotonic() - start
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not within {seconds} s:\n{self.log('sidecar')[-3000:]}\n{self.log('server')[-3000:]}")

    def _server_arguments(self) -> list[str]:
        words = [word for word in self.server["args"] if not word.startswith(DROPPED_ARGUMENTS)]
        for start, value in REPLACED_ARGUMENTS.items():
            words = [f"{start}{value}" if word.startswith(start) else word for word in words]
        return [*(self.here(word) for word in words), *ADDED_ARGUMENTS]

    def here(self, word: str) -> str:
        """A word of the command line with this machine's paths and ports."""
        option, _, value = word.rpartition("=")
        if value in self.ports and option.endswith("port"):
            return f"{option}={self.ports[value]}"
        for inside, outside in sorted(self.paths.items(), key=lambda item: -len(item[0])):
            if value == inside or value.startswith(f"{inside}/"):
                value = f"{outside}{value[len(inside) :]}"
                break
        return f"{option}={value}" if option else value

    def environment(self, container: dict[str, Any]) -> dict[str, str]:
        """A container's plain variables, without the CA bundle: the store here has no TLS."""
        plain = {e["name"]: self.here(e["value"]) for e in container["env"] if "value" in e}
        plain.pop("AWS_CA_BUNDLE", None)
        return {"PATH": os.environ["PATH"], **plain}

    def start(self, name: str, words: list[str], env: dict[str, str], place: Path | None = None) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                words,
                env=env,
                cwd=place,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
