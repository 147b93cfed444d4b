"""Brings the demo's kitchen up: files, server, check of bodies and Envoy, each as the program renders it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.entry.envoy import bootstrap
from components.entry.plan import Ports
from components.serving.vllm import ADAPTERS_PATH, COMMAND, MODEL_PATH
from ops.whole_file import put
from tools import fixtures
from tools.cluster import certificates
from tools.demo import entry, on_cpu
from tools.demo.errors import DemoError
from tools.demo.plan import Demo
from tools.demo.processes import Processes, free_ports, is_free
from tools.own_file import OPEN, PRIVATE, remove
from tools.progress import step

PYTHON = "KITCHEN_SERVING_PYTHON"
"""Environment variable: the interpreter that has vLLM."""

SERVER_SECONDS = 600.0
_PORT = 8443


class DemoKitchen:
    """A kitchen in `folder`, which holds nothing else. `ports` are those of the entry, `server_port` is vLLM's."""

    def __init__(self, demo: Demo, folder: Path, processes: Processes) -> None:
        """Choose the ports; raise DemoError when Envoy or vLLM is not there."""
        self._demo, self._folder, self._processes = demo, folder, processes
        self._python = _serving_python()
        entry.binary()
        self.server_port, admin, metrics, check, other = free_ports(5)
        self.ports = Ports(callers=_PORT if is_free(_PORT) else other, admin=admin, metrics=metrics, check=check)
        self.plan = demo.entry_plan(self.ports, self.server_port, folder)

    def write(self, token: str) -> None:
        """Write every file: models, certificate, the entry's configuration, and the caller's header."""
        remove(self._folder)
        self._folder.mkdir(parents=True, mode=0o700)  # token and record are for the user alone
        tls = self._folder / "tls"
        tls.mkdir()
        self._write_models()
        certificates.make(self._folder)
        for made, name in (("server.crt", "tls.crt"), ("server.key", "tls.key")):
            (self._folder / made).rename(tls / name)
        entry.write(self._folder, bootstrap(self.plan), self._demo.table())
        self._put("caller.header", f"Authorization: Bearer {token}\n", PRIVATE)

    def start(self) -> None:
        """Start everything and wait until it answers; raise DemoError when it does not."""
        container = self._container()
        here = {**on_cpu.mounts(container, self._folder), **self._paths(), "8080": str(self.server_port)}
        for outside in here.values():
            if outside.startswith("/"):
                Path(outside).mkdir(parents=True, exist_ok=True)
        words = [self._python, *COMMAND[1:], *on_cpu.arguments(container["args"], here)]
        env = {
            "PATH": os.environ["PATH"],
            **on_cpu.environment(container, here),
            **on_cpu.distribution(self._folder / "python"),
        }
        self._processes.start("vllm", words, env, self._folder)
        entry.start(self._processes, self.plan, self._demo.settings, self._folder)
        with step("demo: 2 of 3: vLLM loads the model and its adapters", "demo: 2 of 3: vLLM serves"):
            self._processes.ready("vllm", self.server_port, "/health", SERVER_SECONDS)

    def _container(self) -> Mapping[str, Any]:
        """The server's container."""
        containers = self._demo.kitchen().containers.values()
        (found,) = [one for one in containers if tuple(one.get("command", ())) == COMMAND]
        return found

    def _paths(self) -> dict[str, str]:
        return {MODEL_PATH: str(self._folder / "model"), ADAPTERS_PATH: str(self._folder / "adapters")}

    def _write_models(self) -> None:
        """The stand-ins, whose sums the catalog has."""
        said = self._demo.settings.kitchens[self._demo.base]
        known = {fixture.ref: fixture for fixture in fixtures.ADAPTERS}
        lacking = [ref for ref in said.adapters if ref not in known]
        if lacking or said.base_model not in fixtures.BASE_MODELS:
            rule = "the demo serves stand-ins, and has none for it"
            raise DemoError(f"{', '.join(lacking) or said.base_model}: no stand-in; rule: {rule}")
        for name, content in fixtures.base_model_files(said.base_model).items():
            self._put(f"model/{name}", content)
        for ref in said.adapters:
            for name, content in fixtures.adapter_files(known[ref]).items():
                self._put(f"adapters/{ref.split('/')[0]}/{name}", content)

    def _put(self, name: str, content: str | bytes, mode: int = OPEN) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        put(path, content.encode() if isinstance(content, str) else content, mode)


def _serving_python() -> str:
    found = os.environ.get(PYTHON, "")
    if not found or shutil.which(found) is None:
        raise DemoError(f"{PYTHON}: {found or 'missing'}; rule: the Python that has vLLM; example: make demo")
    return found
