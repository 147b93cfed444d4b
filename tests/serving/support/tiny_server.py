"""vLLM on CPU with one tiny base model and adapters that are loaded at its start; nothing else of a kitchen."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.serving.support.served_kitchen import PYTHON, START_SECONDS
from tests.support.ports import free_ports
from tools.demo.on_cpu import ADDED_ENVIRONMENT

BASE = "base"
LENGTH = 512


class TinyServer:
    """A context manager; `answer` asks, greedily.

    Slots are one more than the adapters: on CPU the base model is computed with the last slot (vllm#48421), which an
    adapter of lm_head would change if it stood there.
    """

    def __init__(
        self,
        folder: Path,
        model: Path,
        adapters: Mapping[str, Path],
        *more: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        (self.port,) = free_ports(1)
        self._log = folder / "server.log"
        slots = len(adapters) + 1
        lora = ["--enable-lora", f"--max-loras={slots}", f"--max-cpu-loras={slots}", "--max-lora-rank=8"]
        lora += ["--lora-modules", *(f"{name}={path}" for name, path in adapters.items())]
        self._words = [
            *(os.environ[PYTHON], "-m", "vllm.entrypoints.openai.api_server", f"--model={model}"),
            *(f"--served-model-name={BASE}", f"--port={self.port}", "--host=127.0.0.1", "--enforce-eager"),
            *("--dtype=bfloat16", f"--max-model-len={LENGTH}", *(lora if adapters else ()), *more),
        ]
        quiet = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "HOME": str(folder)}
        self._environment = {"PATH": os.environ["PATH"], **quiet, **ADDED_ENVIRONMENT, **(environment or {})}

    def __enter__(self) -> TinyServer:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._words, env=self._environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + START_SECONDS
        while not self._healthy():
            if self._process.poll() is not None or time.monotonic() > end:
                self.__exit__(None, None, None)
                raise AssertionError(f"the server did not start:\n{self.log()[-6000:]}")
            time.sleep(0.2)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def answer(self, model: str, prompt: Sequence[int], tokens: int = 16) -> list[str]:
        """The tokens of an answer; nothing where the server cannot write its own numbers as JSON."""
        body = {"model": model, "prompt": list(prompt), "max_tokens": tokens, "temperature": 0, "ignore_eos": True}
        code, said = self._post(body | {"logprobs": 0})
        if code == 400 and "Out of range float values" in said:
            return []
        assert code == 200, said
        found: list[str] = json.loads(said)["choices"][0]["logprobs"]["tokens"]
        return found

    def _post(self, body: dict[str, Any]) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request("POST", "/v1/completions", json.dumps(body), {"content-type": "application/json"})
        answer = connection.getresponse()
        said = answer.read().decode()
        connection.close()
        return answer.status, said

    def _healthy(self) -> bool:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
