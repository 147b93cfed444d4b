"""Keeps the CRDs as a first API server stored them, so that later clusters do not have to take them in again.

Validating and publishing some sixty large schemas is most of what a first start costs. The records are copied out
of etcd once into the per-user cache, keyed by the pins of the CRDs and of the API server, and laid into the empty
etcd of each later cluster before its API server starts.
"""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from tools.cluster.errors import ClusterError
from tools.damaged_error import DamagedError
from tools.own_file import OPEN, content, write
from tools.own_form import each
from tools.toolchain import data, look_up
from tools.toolchain.cache import cache_root

_PREFIX = "/registry/apiextensions.k8s.io/customresourcedefinitions/"
_THREADS = 4


def key() -> str:
    """Name what the records depend on: the CRDs' pins and the API server's version."""
    server = look_up("kubernetes")
    return f"{data('crds').name}-{server.version if server else 'none'}"


def seed_file() -> Path:
    """Where the records are kept."""
    return cache_root() / "cluster" / f"{key()}.json.gz"


def save(etcd_port: int) -> None:
    """Copy the records out of etcd; without a writable cache nothing is kept."""
    end = _PREFIX[:-1] + chr(ord(_PREFIX[-1]) + 1)
    answer = _post(etcd_port, "range", {"key": _encode(_PREFIX), "range_end": _encode(end)})
    records = {record["key"]: record["value"] for record in answer.get("kvs", [])}
    target = seed_file()
    with suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target, gzip.compress(json.dumps(records).encode(), compresslevel=3), OPEN)


def load(etcd_port: int) -> bool:
    """Lay the records into an empty etcd; False if there are none that can be read."""
    records = _read()
    if not records:
        return False
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda item: _post(etcd_port, "put", {"key": item[0], "value": item[1]}), records.items()))
    return True


def _read() -> dict[str, str]:
    """The kept records; none when the file is not whole: it is a cache, and the next first start writes it anew."""
    try:
        records = json.loads(gzip.decompress(content(seed_file())))
    except (OSError, EOFError, ValueError, RecursionError, zlib.error, DamagedError):
        return {}
    return records if not each(_custom_resource)(records) and all(map(_is_definition, records)) else {}


def _is_definition(key: str) -> bool:
    """A file that somebody else wrote may add CRDs, never anything else."""
    return (_decoded(key) or b"").startswith(_PREFIX.encode())


def _custom_resource(value: Any) -> str:
    try:
        kind = json.loads(_decoded(value) or b"")["kind"]
    except (ValueError, RecursionError, TypeError, KeyError):
        kind = None
    return "" if kind == "CustomResourceDefinition" else "is no stored CustomResourceDefinition"


def _decoded(value: Any) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError):
        return None


def _post(port: int, method: str, body: dict[str, str]) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", f"/v3/kv/{method}", json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise ClusterError(f"etcd: no answer to {method}: {error}") from error
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise ClusterError(f"etcd: {method}: {answer.status}: {text[:300].decode(errors='replace')}")
    content: dict[str, Any] = json.loads(text)
    return content


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
