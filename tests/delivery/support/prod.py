"""Prod beside dev: a store of its own behind TLS, whose authority nobody else knows, and a stack that is empty yet."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.delivery.support.scratch import Scratch
from tests.support.minio_server import SecureMinioServer
from tests.support.token_issuer import SECRET, TokenIssuer
from tools import fixtures
from tools.local.up import BUCKETS_ONLY, LocalKitchen

CA = "KITCHEN_OBJECT_STORE_CA_BUNDLE"
STATE = "pulumi-state"
LATER = (("support", "helpdesk-classifier/v2026-02-01"), ("developer", "sql-assistant/v2026-05-01"))
"""Kitchens and adapters that pull requests add again: they are published, and no kitchen names them yet."""


class Prod:
    """What README.md says of a first time, step by step; the cluster is that of dev.

    The states of both stacks lie in a bucket of this store. GitHub gives each environment secrets of its own; act knows
    one set, so that both stores have one key here.
    """

    def __init__(self, folder: Path, kitchen: LocalKitchen, scratch: Scratch) -> None:
        self.kitchen, self.scratch, self._folder = kitchen, scratch, folder
        self.store = SecureMinioServer(folder)
        self.store.access_key, self.store.secret_key = kitchen.credentials().values()
        self.issuer = TokenIssuer(pki=self.store.ca.parent)
        self.file = scratch.root / "Pulumi.prod.yaml"

    def settings(self) -> dict[str, Any]:
        content: dict[str, Any] = yaml.safe_load(self.file.read_text())
        return content

    def write(self, content: Mapping[str, Any]) -> None:
        self.file.write_text(yaml.safe_dump(dict(content), sort_keys=False))

    def adapt(self) -> None:
        """Prod's settings as they are in Git without LATER, with this store and issuer, and whom its pods trust."""
        content = self.settings()
        for kitchen, adapter in LATER:
            content["config"]["kitchen:kitchens"][kitchen]["adapters"].remove(adapter)
        store = content["config"]["kitchen:objectStore"]
        store |= {"endpoint": self.store.endpoint}
        store["tls"] |= {"certificates": self.store.ca.read_text()}
        content["config"]["kitchen:entry"]["issuers"][0] |= {"issuer": self.issuer.issuer}
        self.write(content)

    def begin(self) -> None:
        """The state of dev comes in (docs/runbook.md); its settings are in the scratch repository."""
        self.store.client().create_bucket(Bucket=STATE)
        self.init("dev")
        state = self._folder / "state.json"
        state.write_text(json.dumps(self.kitchen.workspace.exported()))
        self._must(["pulumi", "stack", "import", "--stack", "dev", "--file", str(state), "--non-interactive"])

    def backend(self) -> dict[str, str]:
        """Where the state lies, as docs/runbook.md names it, and the key for it."""
        host = self.store.endpoint.removeprefix("https://")
        return {
            "PULUMI_BACKEND_URL": f"s3://{STATE}?endpoint={host}&s3ForcePathStyle=true",
            "AWS_ACCESS_KEY_ID": self.store.access_key,
            "AWS_SECRET_ACCESS_KEY": self.store.secret_key,
        }

    def init(self, stack: str) -> str:
        """`make init`."""
        done = self.initialised(stack, {})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def initialised(self, stack: str, more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """`make init`, however it ends."""
        return self._run([sys.executable, "-m", "tools.pipeline", "init", "--stack", stack], more)

    def buckets(self, more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """The buckets alone, as the first update makes them."""
        options = ("--yes", "--skip-preview", "--policy-pack", "policies", "--non-interactive")
        return self._run(["pulumi", "up", "--stack", "prod", *options, *BUCKETS_ONLY], more)

    def publish(self) -> str:
        """Adapters and base models that prod's settings name, and those that come later."""
        source = self._folder / "artifacts"
        fixtures.write(source)
        later = [word for _, adapter in LATER for word in ("--adapter", adapter)]
        words = ("publish", "--settings", "Pulumi.prod.yaml", "--from", str(source), "--all", *later)
        return self._must([sys.executable, "-m", "ops", *words])

    def trust(self) -> dict[str, str]:
        """The runner's own variables: a platform engineer names the authority's file there, for all that it signed."""
        return dict.fromkeys((CA, "AWS_CA_BUNDLE", "KITCHEN_ACCEPTANCE_CA"), str(self.store.ca))

    def client(self) -> tuple[str, str]:
        """Who calls prod's models after a delivery, as the issuer knows it."""
        return "ticket-bot", SECRET

    def _must(self, words: list[str]) -> str:
        done = self._run(words, {})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def _run(self, words: list[str], more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        env = self.kitchen.workspace.environment() | self.kitchen.credentials() | self.backend() | self.trust()
        env |= {"PYTHONPATH": str(self.scratch.root), **more}
        return subprocess.run(words, cwd=self.scratch.root, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False, timeout=600)  # fmt: skip
