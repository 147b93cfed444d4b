"""A small Pulumi project of its own over the object store components, with the real engine."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.facts import ABILITIES
from tests.support.minio_server import MinioServer
from tests.support.seaweed_server import SeaweedServer
from tests.support.store_server import REGION, StoreServer
from tools.toolchain import PREVIEW, ensure, environment

PROGRAM = """
import json, os
import pulumi
from components.object_store.minio.users import MinioUser, access_key
from components.object_store import Bucket, BucketAccess, BucketAccessArgs, BucketArgs
import pulumi_random as random

said = json.loads(os.environ["SAID"])
for name, settings in said.get("buckets", {}).items():
    bucket = Bucket(name, BucketArgs(**settings))
    pulumi.export(name, bucket.bucket_name)
for name, settings in said.get("users", {}).items():
    password = random.RandomPassword(name, length=40, special=False)
    owner = f"{pulumi.get_project()}/{pulumi.get_stack()}"
    user = MinioUser(name, {**settings, "user": name, "accessKey": access_key(name), "owner": owner,
                            "secretKey": password.result})
    pulumi.export(name, {"key": user.accessKey, "secret": password.result})
if said.get("access"):
    render = pulumi.ProviderResource("kubernetes", "render", {"renderYamlToDirectory": os.environ["RENDERED"]})
    for name, settings in said["access"].items():
        BucketAccess(name, BucketAccessArgs(**settings), pulumi.ResourceOptions(provider=render))
"""


def bucket_inputs(store: StoreServer, bucket: str, **settings: Any) -> dict[str, Any]:
    """Every input of the bucket provider, with the defaults of the component."""
    return {
        "endpoint": store.endpoint,
        "region": REGION,
        "bucket": bucket,
        "versioning": True,
        "objectLockDays": 0,
        "objectLockMode": "GOVERNANCE",
        "expireNoncurrentDays": 0,
        "tags": {},
        "owner": "shelf/test",
        "adopt": False,
        "closed": True,
        "guards": ["anonymous"],
        "abilities": sorted(ABILITIES),
        **({"abortUploadsDays": 7, "guards": ["anonymous", "without-key"]} if isinstance(store, SeaweedServer) else {}),
        **settings,
    }


@contextmanager
def in_provider(store: StoreServer) -> Iterator[None]:
    """Lets a test be the provider's process, where an engine in between would only cost time."""
    before = {name: os.environ.get(name) for name in store.environment()}
    os.environ.update(store.environment())
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run of the CLI came to: exit code and everything that it printed."""

    code: int
    text: str

    def changed(self, change: str) -> int:
        """How many resources the summary counts as `created`, `updated`, `to create`, ..."""
        found = re.search(rf"(\d+) {change}\b", self.text)
        return int(found.group(1)) if found else 0


class Project:
    """A project with a local backend in `folder`; `said` is what its program declares."""

    def __init__(self, folder: Path, store: MinioServer, stack: str = "test") -> None:
        self.folder = folder
        self.store = store
        self.said: dict[str, dict[str, dict[str, object]]] = {"buckets": {}, "users": {}, "access": {}}
        self.output = ""
        folder.mkdir(parents=True)
        (folder / "state").mkdir()
        (folder / "__main__.py").write_text(PROGRAM)
        runtime = f"{{name: python, options: {{toolchain: pip, virtualenv: {sys.prefix}}}}}"
        (folder / "Pulumi.yaml").write_text(f"name: shelf\nruntime: {runtime}\n")
        ensure(PREVIEW)
        assert self.run("stack", "init", stack).code == 0

    def bucket(self, name: str, **settings: object) -> None:
        self.said["buckets"][name] = {
            "endpoint": self.store.endpoint,
            "region": REGION,
            "bucket": name,
            **settings,
        }

    def user(self, name: str, bucket: str, prefixes: list[str]) -> None:
        self.said["users"][name] = {
            "endpoint": self.store.endpoint,
            "region": REGION,
            "bucket": bucket,
            "prefixes": prefixes,
        }

    def access(self, name: str, bucket: str, prefixes: list[str], generation: int) -> None:
        self.said["access"][name] = {
            "endpoint": self.store.endpoint,
            "region": REGION,
            "bucket": bucket,
            "prefixes": prefixes,
            "namespace": "helpdesk-dev",
            "secret_name": f"{name}-lora-reader",
            "user": f"helpdesk-dev-{name}-lora",
            "generation": generation,
        }

    def secret(self, name: str) -> dict[str, str]:
        """What the Secret of an access holds now; the provider writes its objects as files."""
        (path,) = (self.folder / "rendered").rglob(f"*-secret-*{name}-lora-reader.yaml")
        data = yaml.safe_load(path.read_text())["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def up(self) -> Outcome:
        return self.run("up", "--yes", "--skip-preview", "--suppress-permalink")

    def preview(self) -> Outcome:
        return self.run("preview", "--suppress-permalink")

    def refresh(self) -> Outcome:
        return self.run("refresh", "--yes", "--skip-preview", "--suppress-permalink")

    def run(self, *arguments: str, credentials: dict[str, str] | None = None) -> Outcome:
        keys = self.store.environment() if credentials is None else credentials
        env = {**environment(PREVIEW), **keys}
        for name in ("AWS_PROFILE", "AWS_CA_BUNDLE", "AWS_ENDPOINT_URL"):
            env.pop(name, None)
        env.pop("KUBECONFIG", None)
        env["RENDERED"] = str(self.folder / "rendered")
        env["SAID"] = json.dumps(self.said)
        env["PULUMI_BACKEND_URL"] = f"file://{self.folder}/state"
        env["PULUMI_CONFIG_PASSPHRASE"] = "test"
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        self.output += done.stdout
        return Outcome(code=done.returncode, text=done.stdout)

    def everything_written(self) -> str:
        """All files of the project and its state, and all that the CLI printed, as one text."""
        texts = [path.read_text(errors="replace") for path in self.folder.rglob("*") if path.is_file()]
        return "\n".join([*texts, self.output])
