"""A MinIO alone, for tests: on a free loopback port, with random credentials and a folder of its own."""

from __future__ import annotations

import functools
import os
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from minio.credentials.providers import StaticProvider
from minio.minioadmin import MinioAdmin

from tests.support.ports import free_ports
from tools.toolchain import binary

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

START_SECONDS = 30
REGION = "us-east-1"


class MinioServer:
    """A running MinIO; use it as a context manager. `stop` and `start` keep data, port and credentials."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.console = free_ports(2)
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.access_key = f"admin{secrets.token_hex(4)}"
        self.secret_key = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> MinioServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        data = self.folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        ports = ["--address", f"127.0.0.1:{self.port}", "--console-address", f"127.0.0.1:{self.console}"]
        with (self.folder / "minio.log").open("ab") as log:
            self._process = subprocess.Popen(
                [binary("minio"), "server", "--quiet", *ports, data],
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(self.folder),
                    "MINIO_ROOT_USER": self.access_key,
                    "MINIO_ROOT_PASSWORD": self.secret_key,
                    "MINIO_UPDATE": "off",
                    "MINIO_PROMETHEUS_AUTH_TYPE": "public",
                },
                stdout=log,
                stderr=log,
            )
        self._wait()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

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
            config=config,
        )

    def admin(self) -> MinioAdmin:
        """MinIO's administration interface, as the administrator."""
        return MinioAdmin(
            endpoint=self.endpoint.removeprefix("http://"),
            credentials=StaticProvider(self.access_key, self.secret_key),
            secure=False,
        )

    def environment(self) -> dict[str, str]:
        """The administrator's credentials as the dynamic providers and `ops` read them."""
        return {
            "KITCHEN_OBJECT_STORE_ACCESS_KEY": self.access_key,
            "KITCHEN_OBJECT_STORE_SECRET_KEY": self.secret_key,
        }

    def _wait(self) -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                opener.open(f"{self.endpoint}/minio/health/ready", timeout=2).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        self.stop()
        raise AssertionError("MinIO did not start:\n" + (self.folder / "minio.log").read_text()[-2000:])
