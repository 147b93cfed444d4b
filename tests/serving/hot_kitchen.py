"""A kitchen in hot mode as the program renders it, run as processes: real vLLM on CPU, real sidecar, real MinIO."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.minio_server import MinioServer
from tools import fixtures
from tools.local.workspace import REPOSITORY

PYTHON = "KITCHEN_SERVING_PYTHON"
"""Environment variable: the interpreter that has vLLM."""

PROMPT = "The kitchen is open from eight to six, and what it serves today is this: " * 2
"""Longer than a block of the prefix cache (128 tokens on CPU, a token a letter)."""

KITCHEN, STACK = "summary", "dev"
BUCKET = "dev-lora"
START_SECONDS = 300

# Everything in which the process here differs from the container in a cluster:
DROPPED_ARGUMENTS = ("--gpu-memory-utilization=",)  # there is no GPU
REPLACED_ARGUMENTS = {"--max-model-len=": "256"}  # the stand-in model has 2048 positions; a small one starts faster
# vLLM's attention on CPU knows heads of 32 and more; the stand-in model's are of 16.
HEADS = '--hf-overrides={"num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 32}'
ADDED_ARGUMENTS = ("--enforce-eager", "--host=127.0.0.1", HEADS)
ADDED_ENVIRONMENT = {"VLLM_CPU_KVCACHE_SPACE": "1"}
# Beside these: paths of mounts, the two ports, the interpreter, and the store's address and key.


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


class HotKitchen:
    """`serve` and `reconcile` start the two containers' processes; `declare` writes the ConfigMap's file."""

    def __init__(self, folder: Path, store: MinioServer) -> None:
        self.folder, self.store = folder, store
        documents = render(folder / "render")
        runtime = one(documents, "ServingRuntime", f"{KITCHEN}-vllm")["spec"]["containers"][0]
        predictor = one(documents, "InferenceService", KITCHEN)["spec"]["predictor"]
        model = predictor["model"]
        (self.sidecar,) = predictor["containers"]
        self.server = {
            "command": runtime["command"],
            "args": [*runtime["args"], *model["args"]],  # KServe puts them behind one another
            "env": [*runtime["env"], *model["env"]],
            "volumeMounts": [*runtime["volumeMounts"], *model["volumeMounts"]],
            "workingDir": model["workingDir"],
        }
        self.port, self.status_port = free_port(), free_port()
        self.ports = {"8080": str(self.port), "8081": str(self.status_port)}
        self.paths = {"/mnt/models": folder / "model"}
        for mount in [*self.server["volumeMounts"], *self.sidecar["volumeMounts"]]:
            self.paths[mount["mountPath"]] = folder / "volumes" / mount["name"]
        for path in self.paths.values():
            path.mkdir(parents=True, exist_ok=True)
        for name, text in one(documents, "ConfigMap", f"{KITCHEN}-hot-scripts")["data"].items():
            (self.paths["/etc/kitchen/hot"] / name).write_text(text)
        for name, content in fixtures.base_model_files(fixtures.BASE_MODELS[0]).items():
            (self.paths["/mnt/models"] / name).write_bytes(content)
        self.manifest = self.paths["/etc/kitchen/adapters"] / "manifest.json"
        self.declared: dict[str, dict[str, Any]] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

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

    def declare(self, *adapters: dict[str, Any]) -> None:
        """Replace the list in one rename, as the kubelet does."""
        part = self.manifest.with_suffix(".part")
        part.write_text(json.dumps({"bucket": BUCKET, "adapters": list(adapters)}))
        part.replace(self.manifest)

    def serve(self) -> None:
        python = os.environ[PYTHON]
        words = [python, *self.server["command"][1:], *self._server_arguments()]
        env = self._environment(self.server) | ADDED_ENVIRONMENT
        self._start("server", words, env, self.paths[self.server["workingDir"]])

    def reconcile(self) -> None:
        words = [sys.executable, *self.sidecar["command"][1:], *self.sidecar["args"], "--interval-seconds=1"]
        env = self._environment(self.sidecar) | {
            "AWS_ENDPOINT_URL": self.store.endpoint,
            "AWS_ACCESS_KEY_ID": self.store.access_key,
            "AWS_SECRET_ACCESS_KEY": self.store.secret_key,
        }
        env.pop("AWS_CA_BUNDLE", None)
        self._start("sidecar", [self._here(word) for word in words], env)

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)  # the engine core is a child of its own
        process.wait()

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

    def status(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.call("GET", "/status", port=self.status_port)[1])
        return data

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
        return [*(self._here(word) for word in words), *ADDED_ARGUMENTS]

    def _here(self, word: str) -> str:
        """A word of the command line with this machine's paths and ports."""
        option, _, value = word.rpartition("=")
        if value in self.ports and option.endswith("port"):
            return f"{option}={self.ports[value]}"
        for inside, outside in sorted(self.paths.items(), key=lambda item: -len(item[0])):
            if value == inside or value.startswith(f"{inside}/"):
                value = f"{outside}{value[len(inside) :]}"
                break
        return f"{option}={value}" if option else value

    def _environment(self, container: dict[str, Any]) -> dict[str, str]:
        plain = {e["name"]: self._here(e["value"]) for e in container["env"] if "value" in e}
        return {"PATH": os.environ["PATH"], **plain}

    def _start(self, name: str, words: list[str], env: dict[str, str], place: Path | None = None) -> None:
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


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
