"""A SeaweedFS alone, for tests: master, volumes, filer and S3 gateway in one process on loopback."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from tests.support.store_server import StoreServer
from tools.toolchain import STORES, binary, ensure

_PARTS = ("s3", "filer", "volume", "master")
_OFF = ("master.telemetry", "s3.iam.readOnly", "s3.autoCreateBucket")
"""Nothing is told to the makers; users are made by the IAM API; a wrong name of a bucket makes none."""


class SeaweedServer(StoreServer):
    """A running SeaweedFS; use it as a context manager. `stop` and `start` keep data, ports and credentials."""

    NAME = "seaweedfs"
    PORTS = 2 * len(_PARTS)
    START_SECONDS = 120
    STOP_SECONDS = 30

    def command(self) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        ensure(STORES)
        key = {"accessKey": self.access_key, "secretKey": self.secret_key}
        identity = {"name": "admin", "credentials": [key], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
        config = self.folder / "s3.json"
        config.write_text(json.dumps({"identities": [identity]}))
        options: dict[str, object] = {
            "dir": self.folder / "data",
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "s3.config": config,
            # Each volume is a file that grows to this size; an object is cut into pieces over them.
            "master.volumeSizeLimitMB": 1024,
            "volume.max": 200,
            "volume.preStopSeconds": 0,
            "master.electionTimeout": "1s",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            **dict(zip((f"{part}.port" for part in _PARTS), self.ports, strict=False)),
            **dict(zip((f"{part}.port.grpc" for part in _PARTS), self.ports[len(_PARTS) :], strict=True)),
            **{f"{part}.localSocket": self.folder / f"{part}.sock" for part in ("s3", "filer")},
            **dict.fromkeys(_OFF, "false"),
        }
        words = ["-filer", "-s3", *(f"-{name}={value}" for name, value in options.items())]
        return [binary("weed"), "-logtostderr", "server", *words], {}

    def is_ready(self) -> bool:
        """Whether the gateway answers, and the master has a place for the next piece of an object."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.ports[_PARTS.index('master')]}/dir/assign", timeout=2) as answer:
                placed = "fid" in json.load(answer)
            self.client().list_buckets()
        except (BotoCoreError, ClientError, OSError, ValueError):
            return False
        return placed
