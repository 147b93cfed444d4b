"""Real registries for tests: distribution with TLS and a password on 127.0.0.2, and one that has the referrers API."""

from __future__ import annotations

import base64
import contextlib
import datetime
import hashlib
import http.client
import ipaddress
import json
import os
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.ports import free_ports
from tools.toolchain import binary

HOST = "127.0.0.2"
"""Not 127.0.0.1, whose certificates are not asked for."""
USER, PASSWORD = "kit", "canary-s3cret-pw"
_ACCOUNT = "kit:$2a$05$abcdefghijklmnopqrstuu7sK20dc.rbwg7OQH2qX/pwxzDFljG/y\n"
"""The password by bcrypt, which htpasswd files have; no library here makes it."""
_START_SECONDS = 120
_INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
ACCEPT = ", ".join(
    (
        *_INDEXES,
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)


class ImageRegistry:
    """A running distribution; use it as a context manager. `stop`, `start`, `kill` and `freeze` keep data and port."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_ports(1)[0]
        self.host = f"{HOST}:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.authority = folder / "ca.crt"
        _certificate(folder)
        (folder / "accounts").write_text(_ACCOUNT)
        tls = {"certificate": str(folder / "server.crt"), "key": str(folder / "server.key")}
        settings = {
            "version": 0.1,
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
            "http": {"addr": self.host, "secret": "x", "tls": tls},
            "auth": {"htpasswd": {"realm": "test", "path": str(folder / "accounts")}},
        }
        (folder / "registry.yml").write_text(json.dumps(settings))

    def __enter__(self) -> ImageRegistry:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        with (self.folder / "registry.log").open("ab") as log:
            self.process = subprocess.Popen(
                [binary("registry"), "serve", self.folder / "registry.yml"],
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "OTEL_TRACES_EXPORTER": "none"},
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + _START_SECONDS
        while True:
            with contextlib.suppress(OSError):
                if self.ask("GET", "/v2/")[0] == 200:
                    return
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError((self.folder / "registry.log").read_text()[-2000:])
            time.sleep(0.05)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections, and answers nothing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        """One request by a client that is not the copier."""
        trust = ssl.create_default_context(cafile=str(self.authority))
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        connection = http.client.HTTPSConnection(HOST, self.port, context=trust, timeout=60)
        try:
            connection.request(method, path, body, {"Authorization": f"Basic {login}", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def put_blob(self, repository: str, content: bytes) -> None:
        status, _, headers = self.ask("POST", f"/v2/{repository}/blobs/uploads/", b"")
        assert status == 202
        where = str(headers["Location"]).removeprefix(f"https://{self.host}")
        joined = "&" if "?" in where else "?"
        octets = {"Content-Type": "application/octet-stream"}
        status, body, _ = self.ask("PUT", f"{where}{joined}digest={digest_of(content)}", content, octets)
        assert status == 201, body

    def put_manifest(self, repository: str, reference: str, kind: str, content: bytes) -> None:
        status, body, _ = self.ask("PUT", f"/v2/{repository}/manifests/{reference}", content, {"Content-Type": kind})
        assert status == 201, body

    def manifest(self, repository: str, reference: str) -> tuple[str, bytes] | None:
        """Media type and bytes of a manifest, or None."""
        status, body, headers = self.ask("GET", f"/v2/{repository}/manifests/{reference}", None, {"Accept": ACCEPT})
        return (str(headers["Content-Type"]), body) if status == 200 else None

    def blob(self, repository: str, digest: str) -> bytes | None:
        status, body, _ = self.ask("GET", f"/v2/{repository}/blobs/{digest}")
        return body if status == 200 else None

    def put_layout(self, layout: Path, repository: str) -> None:
        """Push a whole layout as it is: its blobs, then its manifests, those of an index before it."""
        for path in (layout / "blobs" / "sha256").iterdir():
            self.put_blob(repository, path.read_bytes())
        for entry in json.loads((layout / "index.json").read_text())["manifests"]:
            self._put(layout, repository, entry)
            name = (entry.get("annotations") or {}).get("org.opencontainers.image.ref.name")
            if name:
                content = (layout / "blobs" / entry["digest"].replace(":", "/")).read_bytes()
                self.put_manifest(repository, name, entry["mediaType"], content)

    def _put(self, layout: Path, repository: str, entry: Mapping[str, Any]) -> None:
        content = (layout / "blobs" / entry["digest"].replace(":", "/")).read_bytes()
        if entry["mediaType"] in _INDEXES:
            for child in json.loads(content)["manifests"]:
                self._put(layout, repository, child)
        self.put_manifest(repository, entry["digest"], entry["mediaType"], content)

    def tree(self, repository: str, digest: str) -> dict[str, bytes]:
        """Every manifest and blob that a digest leads to, by digest."""
        found = self.manifest(repository, digest)
        assert found is not None, f"{repository}@{digest} is not there"
        held, content = {digest: found[1]}, json.loads(found[1])
        for child in content.get("manifests", []):
            held |= self.tree(repository, child["digest"])
        for part in [content[key] for key in ("config",) if key in content] + content.get("layers", []):
            body = self.blob(repository, part["digest"])
            assert body is not None, f"{repository}: blob {part['digest']} is not there"
            held[part["digest"]] = body
        return held


class ReferrersRegistry:
    """go-containerregistry's registry, which lists referrers by its API; plain HTTP on 127.0.0.1, no password."""

    def __enter__(self) -> ReferrersRegistry:
        self._process = subprocess.Popen(
            [binary("registry-with-referrers")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        self.host = self._process.stdout.readline().strip()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request("GET", path, headers={"Accept": ACCEPT})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def logins(folder: Path, *registries: ImageRegistry, lines: Sequence[str] = ()) -> dict[str, str]:
    """The environment of a person who is logged in to these registries and trusts their certificates.

    `lines` are other addresses of theirs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    hosts = [*(entry.host for entry in registries), *lines]
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": login} for host in hosts}}))
    (folder / "trusted.crt").write_text("".join(entry.authority.read_text() for entry in registries))
    return {
        "DOCKER_CONFIG": str(folder),
        "REGISTRY_AUTH_FILE": str(folder / "config.json"),
        "SSL_CERT_FILE": str(folder / "trusted.crt"),
        "HOME": str(folder),
    }


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"registry {folder.name}")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.key").write_bytes(key.private_bytes(*form))
    for path in ("server.crt", "ca.crt"):
        (folder / path).write_bytes(made.public_bytes(serialization.Encoding.PEM))
