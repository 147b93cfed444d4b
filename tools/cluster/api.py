"""A small client of the API server: enough to apply objects and to watch them."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tools.cluster.access import KUBECONFIG
from tools.cluster.errors import ClusterError
from tools.connections import FAILURES, Connections
from tools.damaged_error import WAY_OUT, DamagedError
from tools.own_file import read_yaml

FIELD_MANAGER = "kitchen-cluster"
_APPLY = "application/apply-patch+yaml"
_SCHEMA = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
_BRIEF = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"


class Api:
    """Speaks HTTPS with one kubeconfig's token; each thread has a connection of its own."""

    def __init__(self, kubeconfig: Path) -> None:
        """Read address, authority and token from a kubeconfig that this package wrote; raise ClusterError."""
        try:
            config = read_yaml(kubeconfig, KUBECONFIG)
        except DamagedError as error:
            raise ClusterError(str(error)) from error
        except FileNotFoundError:
            raise ClusterError(f"{kubeconfig}: is gone; way out: {WAY_OUT}") from None
        cluster = config["clusters"][0]["cluster"]
        self._port = int(str(cluster["server"]).rpartition(":")[2])
        self._context = ssl.create_default_context(
            cadata=base64.b64decode(cluster["certificate-authority-data"]).decode()
        )
        self._token = str(config["users"][0]["user"]["token"])
        self._connections = Connections(self._connection)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        timeout_seconds: float = 30.0,
    ) -> tuple[int, bytes]:
        """Return status and body; raise ClusterError if there is no answer."""
        headers = self._headers(content_type, accept)
        try:
            return self._connections.request(method, path, body, headers, timeout_seconds=timeout_seconds)
        except FAILURES as error:
            raise ClusterError(f"API server: no answer to {method} {path.partition('?')[0]}: {error}") from error

    def get(self, path: str) -> dict[str, Any]:
        """Return an object or a list; raise ClusterError with the server's own words otherwise."""
        return self._checked("GET", path)

    def apply(self, path: str, body: Mapping[str, Any] | bytes, *, subresource: str = "") -> dict[str, Any]:
        """Create or update one object by server-side apply; `body` may be raw YAML."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        query = urlencode({"fieldManager": FIELD_MANAGER, "force": "true"})
        return self._checked("PATCH", f"{path}{subresource}?{query}", data, content_type=_APPLY)

    def create(self, path: str, body: Mapping[str, Any] | bytes) -> bool:
        """Create one object; False if it exists already. `body` may be raw YAML."""
        raw = isinstance(body, bytes)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        content_type = "application/yaml" if raw else "application/json"
        status, answer = self.request("POST", path, data, content_type=content_type, accept=_BRIEF)
        if status == http.HTTPStatus.CONFLICT:
            return False
        self._check(status, answer, f"POST {path}")
        return True

    def merge(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Merge a patch into an object or its status."""
        return self._checked("PATCH", path, json.dumps(body).encode(), content_type="application/merge-patch+json")

    def delete(self, path: str) -> None:
        """Delete one object; one that is gone already is fine."""
        status, answer = self.request("DELETE", path)
        if status != http.HTTPStatus.NOT_FOUND:
            self._check(status, answer, f"DELETE {path}")

    def await_schema(self) -> None:
        """Wait until the server has put its schema together: seconds after a start, and clients give up after 32.

        Raises ClusterError when it does not within two minutes.
        """
        self.request("GET", "/openapi/v2", accept=_SCHEMA, timeout_seconds=120.0)

    def watch(self, path: str, version: str, *, timeout_seconds: int = 300) -> Iterator[dict[str, Any]]:
        """Yield the events of a collection since a version, until the server ends the watch."""
        query = urlencode({"watch": "1", "resourceVersion": version, "timeoutSeconds": str(timeout_seconds)})
        connection = self._connection(timeout_seconds + 30)
        try:
            connection.request("GET", f"{path}?{query}", headers=self._headers("application/json"))
            answer = connection.getresponse()
            if answer.status != http.HTTPStatus.OK:
                self._check(answer.status, answer.read(), f"watch {path}")
            for line in answer:
                yield json.loads(line)
        finally:
            connection.close()

    def _connection(self, timeout_seconds: float | None = None) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("127.0.0.1", self._port, context=self._context, timeout=timeout_seconds)

    def _headers(self, content_type: str, accept: str = "application/json") -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}", "Content-Type": content_type, "Accept": accept}

    def _checked(
        self, method: str, path: str, body: bytes | None = None, *, content_type: str = "application/json"
    ) -> dict[str, Any]:
        status, answer = self.request(method, path, body, content_type=content_type)
        self._check(status, answer, f"{method} {path.partition('?')[0]}")
        content: dict[str, Any] = json.loads(answer)
        return content

    @staticmethod
    def _check(status: int, answer: bytes, what: str) -> None:
        if status < http.HTTPStatus.BAD_REQUEST:
            return
        try:
            message = str(json.loads(answer)["message"])
        except (ValueError, KeyError, TypeError):
            message = answer.decode(errors="replace")
        raise ClusterError(f"API server: {what}: {status}: {message[:600]}")
