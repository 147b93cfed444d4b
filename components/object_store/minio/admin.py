"""MinIO's administration interface: the one module that imports its client, used by `users` and `quota`.

Everything else needs the S3 API alone, so that another store can take MinIO's place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import urllib3
from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException
from minio.minioadmin import MinioAdmin

from components.object_store import store_client
from components.object_store.store_client import CONNECT_SECONDS, READ_SECONDS, RETRIES

Admin = MinioAdmin
"""The client's class, for those that use this module."""

_CODE = re.compile(r'"Code":\s*"(\w+)"')


@contextmanager
def calling(endpoint: str, action: str) -> Iterator[None]:
    """Turn every failure of an administration call into an ObjectStoreError without credentials in it."""
    with store_client.calling(endpoint, action):
        try:
            yield
        except MinioAdminException as error:
            raise store_client.refusal(endpoint, action, error_code(error)) from None


def error_code(error: MinioAdminException) -> str:
    """The server's own code of an error, such as `NoSuchBucket`."""
    found = _CODE.search(str(error))
    return found.group(1) if found else "Unknown"


def answer(admin: Admin, call: str, name: str, *absent: str) -> dict[str, Any] | None:
    """The answer of a call, or None where the server says one of the codes `absent`."""
    try:
        content: dict[str, Any] = json.loads(getattr(admin, call)(name))
    except MinioAdminException as error:
        if error_code(error) in absent:
            return None
        raise
    return content


def all_of(admin: Admin, call: str) -> Any:
    """The answer of a call that lists everything of a sort; an empty mapping where there is nothing."""
    return json.loads(getattr(admin, call)() or "{}") or {}


def admin_client(endpoint: str, key: tuple[str, str] | None = None) -> Admin:
    """A client with the short timeouts of `store_client`; with the administrator's key of the environment, or `key`."""
    bundle = store_client.ca_bundle()
    access_key, secret_key = key or store_client.credentials()
    url = urlsplit(endpoint)
    pool = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        retries=urllib3.Retry(total=RETRIES, backoff_factor=0.2, status_forcelist=[502, 503, 504]),
        cert_reqs="CERT_REQUIRED",
        ca_certs=bundle,
    )
    with calling(endpoint, "making a client"):
        return MinioAdmin(
            endpoint=url.netloc,
            credentials=StaticProvider(access_key, secret_key),
            secure=url.scheme == "https",
            http_client=pool,
        )
