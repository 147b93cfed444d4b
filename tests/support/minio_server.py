"""A MinIO alone, for tests: on a free loopback port, with random credentials and a folder of its own."""

from __future__ import annotations

import shutil
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from minio.credentials.providers import StaticProvider
from minio.minioadmin import MinioAdmin

from tests.support.store_server import REGION, StoreServer
from tools.cluster import certificates
from tools.toolchain import binary

__all__ = ["REGION", "MinioServer", "SecureMinioServer"]


class MinioServer(StoreServer):
    """A running MinIO; use it as a context manager. `stop` and `start` keep data, port and credentials."""

    NAME = "minio"
    PORTS = 2

    def command(self) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        port, console = self.ports
        ports = ["--address", f"127.0.0.1:{port}", "--console-address", f"127.0.0.1:{console}"]
        return [binary("minio"), "server", "--quiet", *ports, self.folder / "data"], {
            "MINIO_ROOT_USER": self.access_key,
            "MINIO_ROOT_PASSWORD": self.secret_key,
            "MINIO_UPDATE": "off",
            "MINIO_PROMETHEUS_AUTH_TYPE": "public",
        }

    def admin(self) -> MinioAdmin:
        """MinIO's administration interface, as the administrator."""
        return MinioAdmin(
            endpoint=self.endpoint.removeprefix("http://"),
            credentials=StaticProvider(self.access_key, self.secret_key),
            secure=False,
        )

    def is_ready(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            opener.open(f"{self.endpoint}/minio/health/ready", timeout=2).close()
        except (urllib.error.URLError, OSError):
            return False
        return True


class SecureMinioServer(MinioServer):
    """The same behind TLS, with a certificate of an authority that nobody else knows."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.endpoint = f"https://127.0.0.1:{self.port}"
        pki = folder / "pki"
        pki.mkdir(parents=True)
        certificates.make(pki)
        self.ca: Path = pki / "ca.crt"
        self._served = folder / "certs"
        self._served.mkdir()
        shutil.copy(pki / "server.crt", self._served / "public.crt")
        shutil.copy(pki / "server.key", self._served / "private.key")

    def command(self) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        words, more = super().command()
        return [*words, "--certs-dir", self._served], more

    def is_ready(self) -> bool:
        trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(self.ca)))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), trust)
        try:
            opener.open(f"{self.endpoint}/minio/health/ready", timeout=2).close()
        except (urllib.error.URLError, OSError):
            return False
        return True
