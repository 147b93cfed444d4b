"""The sidecar of hot mode as a process of its own, beside a server that answers as vLLM does."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.support import pod_package
from tests.support.fake_vllm import FakeVllm
from tests.support.minio_server import REGION, MinioServer
from tests.support.ports import free_ports
from tests.support.signing import Key, signed
from tools import fixtures


class Sidecar:
    """The process, its folders, and the server that it works on."""

    def __init__(self, folder: Path, store: MinioServer, bucket: str) -> None:
        self.folder, self.store, self.bucket = folder, store, bucket
        self.adapters, self.manifest, self.token = folder / "adapters", folder / "manifest.json", folder / "token"
        self.adapters.mkdir()
        self.key, self.keys = folder / "store-key", {store.secret_key}
        self.mount(store.access_key, store.secret_key)
        self.server = FakeVllm(self.token)
        self.options = {"space-mib": "1", "keep-seconds": "300"}
        (self.port,) = free_ports(1)
        self.process: subprocess.Popen[str] | None = None

    def publish(
        self,
        ref: str,
        *,
        damage: bool = False,
        key: Key | None = None,
        spoil: Callable[[bytes], bytes] = lambda content: content,
    ) -> dict[str, Any]:
        fixture = fixtures.AdapterFixture(ref=ref, base_model=fixtures.BASE_MODELS[0], rank=8)
        entries, files = [], fixtures.adapter_files(fixture)
        files["adapter_model.safetensors"] = spoil(files["adapter_model.safetensors"])
        if key is not None:
            files = {**files, "model.sig": signed(files, self.folder / "signed" / ref, key)}
        for path, content in files.items():
            body = bytes([content[0] ^ 1]) + content[1:] if damage else content
            self.store.client().put_object(Bucket=self.bucket, Key=f"{ref}/{path}", Body=body)
            entries.append({"path": path, "sha256": sha256(content).hexdigest(), "sizeBytes": len(content)})
        name, version = ref.split("/")
        return {"name": name, "version": version, "files": entries}

    def declare(self, *adapters: dict[str, Any], signers: list[dict[str, str]] | None = None) -> None:
        stated = {} if signers is None else {"signers": signers}
        self.write(json.dumps({"bucket": self.bucket, "adapters": list(adapters), **stated}))

    def write(self, text: str) -> None:
        part = self.folder / "part"
        part.write_text(text)
        part.replace(self.manifest)

    def mount(self, access_key: str, secret_key: str) -> None:
        """Let the Secret hold this key; no secret key that was ever mounted may be told."""
        self.keys.add(secret_key)
        pod_package.mount_secret({"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret_key}, self.key)

    def start(self, **env: str) -> None:
        words = {"manifest": self.manifest, "target": self.adapters, "token": self.token, "port": self.port,
                 "store-key": self.key, "server-port": self.server.port, "interval-seconds": "0.05",
                 **self.options}  # fmt: skip
        self.process = subprocess.Popen(
            [
                *pod_package.started("reconcile_adapters"),
                *(f"--{name}={value}" for name, value in words.items()),
            ],
            cwd=pod_package.HOME,
            env={
                "PATH": os.environ["PATH"],
                "AWS_ENDPOINT_URL": self.store.endpoint,
                "AWS_DEFAULT_REGION": REGION,
                **env,
            },
            stdout=(self.folder / "log").open("a"),
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def status(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.get("/status")[1])
        return data

    def ready(self) -> bool:
        return self.get("/ready")[0] == 200

    def states(self) -> dict[str, str]:
        return {adapter["name"]: adapter["state"] for adapter in self.status()["adapters"]}

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def passes(self, count: int = 3) -> None:
        """Wait until so many passes more have ended."""
        before = self.status()["passes"]
        self.wait(lambda: self.status()["passes"] >= before + count)

    def wait(self, what: Callable[[], object]) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self.process is not None
            assert self.process.poll() is None, self.log()
            with contextlib.suppress(OSError):
                if what():
                    return
            time.sleep(0.02)
        raise AssertionError(self.log()[-4000:])

    def versions(self) -> set[str]:
        return {path.relative_to(self.adapters).as_posix().rpartition("-")[0] for path in self.adapters.glob("*/*")}


@contextlib.contextmanager
def beside_a_server(made: Sidecar) -> Iterator[Sidecar]:
    """Start the server; at the end look through the log: it is JSON, and holds no key and no token."""
    made.server.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.end(signal.SIGKILL)
    made.server.stop()
    text = made.log() if (made.folder / "log").exists() else ""
    assert "Traceback" not in text, text
    for secret in (*made.keys, *([made.token.read_text()] if made.token.exists() else [])):
        assert secret not in text
    for line in text.splitlines():
        json.loads(line)
