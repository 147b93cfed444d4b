"""The administrator's S3 client for commands; credentials come from the environment only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from infra.faults import MISSING, Fault, FaultsError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

ACCESS_KEY = "KITCHEN_OBJECT_STORE_ACCESS_KEY"
SECRET_KEY = "KITCHEN_OBJECT_STORE_SECRET_KEY"  # noqa: S105 - the name of a variable, not a secret
CA_BUNDLE = "KITCHEN_OBJECT_STORE_CA_BUNDLE"

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class StoreError(Exception):
    """The store is out of reach or refused; `str()` is one line without credentials."""


def client(endpoint: str, region: str) -> S3Client:
    """Return a client with short timeouts; raise FaultsError for a bad endpoint or missing credentials."""
    faults = [
        Fault(path=f"environment {name}", value=MISSING, rule="the store's key pair", example=f"export {name}=...")
        for name in (ACCESS_KEY, SECRET_KEY)
        if not os.environ.get(name)
    ]
    url = urlsplit(endpoint)
    if url.scheme not in ("http", "https") or not url.hostname or "@" in url.netloc:
        rule = "must be http(s)://host[:port] without a user"
        shown = endpoint.rsplit("@", 1)[-1]
        faults.append(Fault(path="--endpoint", value=shown, rule=rule, example="https://minio.example.com"))
    bundle = os.environ.get(CA_BUNDLE) or None
    if bundle and not os.access(bundle, os.R_OK):
        faults.append(Fault(path=f"environment {CA_BUNDLE}", value=bundle, rule="a PEM file", example="ca.crt"))
    if faults:
        raise FaultsError("object store", faults)
    config = Config(
        connect_timeout=3,
        read_timeout=60,
        retries={"total_max_attempts": 3, "mode": "standard"},
        s3={"addressing_style": "path"},
        proxies={} if url.hostname in _LOOPBACK else None,
    )
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=os.environ[ACCESS_KEY],
        aws_secret_access_key=os.environ[SECRET_KEY],
        verify=bundle,
        config=config,
    )
