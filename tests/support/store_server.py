"""A server of the S3 API alone, for tests: on free loopback ports, with random credentials and a folder of its own."""

from __future__ import annotations

import functools
import os
import secrets
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import boto3
from botocore.config import Config

from tests.support.ports import free_ports

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

REGION = "us-east-1"
_POLL_SECONDS = 0.05


class StoreServer:
    """One process; use it as a context manager. `stop` and `start` keep data, ports and credentials."""

    NAME = ""
    PORTS = 1
    START_SECONDS = 120
    STOP_SECONDS = 10
    ca: Path | None = None
    """The authority of its certificate, where it serves TLS."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = free_ports(self.PORTS)
        self.port = self.ports[0]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.access_key = f"admin{secrets.token_hex(4)}"
        self.secret_key = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        """The words of the server, and its environment beside PATH and HOME."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Whether it answers."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Its folder is thrown away: it need not end in order, for which SeaweedFS takes fifteen seconds."""
        self.kill()

    @property
    def log(self) -> Path:
        return self.folder / f"{self.NAME}.log"

    def start(self) -> None:
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        words, more = self.command()
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **more}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(list(words), cwd=self.folder, env=env, stdout=log, stderr=log)
        deadline = time.monotonic() + self.START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if self.is_ready():
                return
            time.sleep(_POLL_SECONDS)
        self.stop()
        raise AssertionError(f"{self.NAME} did not start:\n{self.log.read_text()[-3000:]}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(self.STOP_SECONDS)
                self._process = None
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it at once, as a node that goes away does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @functools.cache  # noqa: B019 - a client takes a fifth of a second to make; servers live as long as tests
    def client(self, access_key: str | None = None, secret_key: str | None = None) -> S3Client:
        """An S3 client of the administrator, or of another key pair."""
        config = Config(
            connect_timeout=3, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, proxies={}
        )
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=access_key or self.access_key,
            aws_secret_access_key=secret_key or self.secret_key,
            verify=str(self.ca) if self.ca else None,
            config=config,
        )

    def environment(self) -> dict[str, str]:
        """The administrator's credentials as the dynamic providers and `ops` read them."""
        return {
            "KITCHEN_OBJECT_STORE_ACCESS_KEY": self.access_key,
            "KITCHEN_OBJECT_STORE_SECRET_KEY": self.secret_key,
        }
