"""The administrator's S3 client for commands; credentials come from the environment only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from infra.faults import MISSING, Fault, FaultsError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

ACCESS_KEY = "KITCHEN_OBJECT_STORE_ACCESS_KEY"
SECRET_KEY = "KITCHEN_OBJECT_STORE_SECRET_KEY"  # noqa: S105 - the name of a variable, not a secret
CA_BUNDLE = "KITCHEN_OBJECT_STORE_CA_BUNDLE"

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class StoreError(Exception):
    """The store is out of reach or refused; `str()` is one line without credentials."""


def client(endpoint: str, region: str, environment: Mapping[str, str] = os.environ) -> S3Client:
    """Return a client with short timeouts and the key pair of `environment`.

    Raise FaultsError for a bad endpoint or missing credentials, StoreError when the user's own AWS settings are in
    the way.
    """
    faults = [
        Fault(path=f"environment {name}", value=MISSING, rule="the store's key pair", example=f"export {name}=...")
        for name in (ACCESS_KEY, SECRET_KEY)
        if not environment.get(name)
    ]
    host = _host(endpoint)
    if host is None:
        rule = "must be http(s)://host[:port] without a user"
        shown = endpoint.rsplit("@", 1)[-1]
        faults.append(Fault(path="--endpoint", value=shown, rule=rule, example="https://minio.example.com"))
    bundle = environment.get(CA_BUNDLE) or None
    if bundle and not os.access(bundle, os.R_OK):
        faults.append(Fault(path=f"environment {CA_BUNDLE}", value=bundle, rule="a PEM file", example="ca.crt"))
    if faults:
        raise FaultsError("object store", faults)
    return _client(endpoint, region, environment, bundle, local=host in _LOOPBACK)


def _client(endpoint: str, region: str, environment: Mapping[str, str], bundle: str | None, *, local: bool) -> S3Client:
    # Most commands of the local tools never talk to a store, and importing boto3 takes a third of a second.
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    config = Config(
        connect_timeout=3,
        read_timeout=60,
        retries={"total_max_attempts": 3, "mode": "standard"},
        # Without TLS too the sum in a signed header holds the body: a second one of it only costs time.
        s3={"addressing_style": "path", "payload_signing_enabled": False},
        # Uploads carry the sum that was checked; a store that knows no sums is sent none.
        request_checksum_calculation="when_required",
        proxies={} if local else None,
    )
    try:
        return boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=environment[ACCESS_KEY],
            aws_secret_access_key=environment[SECRET_KEY],
            verify=bundle,
            config=config,
        )
    except (BotoCoreError, ValueError) as error:
        raise StoreError(
            f"object store {endpoint}: no client can be made ({type(error).__name__}); check: the endpoint, "
            "AWS_PROFILE and the AWS configuration files"
        ) from None


def _host(endpoint: str) -> str | None:
    """The host of a right endpoint, else None."""
    try:
        url = urlsplit(endpoint)
        right = url.scheme in ("http", "https") and "@" not in url.netloc and url.port != 0
    except ValueError:
        return None
    return url.hostname if right else None
