"""Clients of the object store for the dynamic providers, and one clear error for whatever goes wrong.

The administrator's credentials come from the environment of the provider's process and stay there. Import
this module only where the store is called: boto3 would cost a mere declaration half a second.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import urllib3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as StoreConnectionError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

ACCESS_KEY = "KITCHEN_OBJECT_STORE_ACCESS_KEY"
SECRET_KEY = "KITCHEN_OBJECT_STORE_SECRET_KEY"
CA_BUNDLE = "KITCHEN_OBJECT_STORE_CA_BUNDLE"
CONNECT_SECONDS = 3
READ_SECONDS = 15
RETRIES = 2

_REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "Forbidden", "403"}
_FORBIDDEN = {"AccessDenied", "Forbidden", "403"}
_RIGHTS = {
    "HeadBucket": "ListBucket",
    "ListBuckets": "ListAllMyBuckets",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "GetBucketAcl": "GetBucketPolicy",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketLogging": "GetBucketPolicy",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetBucketWebsite": "GetBucketPolicy",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
}
"""What the right is called by MinIO, where it is not called as the operation is."""
_LACKING = {"NotImplemented", "MalformedPolicy", "MethodNotAllowed", "XNotImplemented"}
_MAKING = Lock()
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ObjectStoreError(Exception):
    """The store could not do what was asked; `str()` is one line that says what, where and what to check."""


class NoRightError(ObjectStoreError):
    """The store has answered that this account may not do it; `str()` names the right."""


@contextmanager
def calling(endpoint: str, action: str) -> Iterator[None]:
    """Turn every failure of a store call into an ObjectStoreError without credentials in it."""
    try:
        yield
    except (StoreConnectionError, HTTPClientError, urllib3.exceptions.HTTPError) as error:
        raise ObjectStoreError(
            f"object store {endpoint} cannot be reached; tried: {action}, {RETRIES + 1} attempts of "
            f"{CONNECT_SECONDS} s to connect ({type(error).__name__}); check: the endpoint in "
            f"kitchen:objectStore, that the store runs, the network on the way, and for https the CA bundle "
            f"in {CA_BUNDLE}"
        ) from None
    except ClientError as error:
        raise refusal(endpoint, action, error_code(error), _right(error.operation_name)) from None
    except (BotoCoreError, ValueError) as error:
        raise ObjectStoreError(
            f"object store {endpoint}: {action} failed: {type(error).__name__}; check: endpoint and region "
            f"in kitchen:objectStore, AWS_PROFILE and the AWS configuration files"
        ) from None


def refusal(endpoint: str, action: str, code: str, right: str = "") -> ObjectStoreError:
    """The error for a call that the store answered with a code of its own; `right` is the one that it takes."""
    hint = ""
    if code in _REFUSED:
        needed = f", here {right}" if right and code in _FORBIDDEN else ""
        hint = f"; check: {ACCESS_KEY} and {SECRET_KEY} and their rights{needed}"
    elif code in _LACKING:
        hint = "; check: what the store can do, and kitchen:objectStore.abilities"
    sort = NoRightError if code in _FORBIDDEN else ObjectStoreError
    return sort(f"object store {endpoint}: {action} failed: {code}{hint}")


def _right(operation: str) -> str:
    return f"s3:{_RIGHTS.get(operation, operation)}"


def error_code(error: ClientError) -> str:
    """The store's own code of an error, such as `NoSuchBucket`."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def credentials() -> tuple[str, str]:
    """The administrator's access key and secret key from the environment of this process."""
    missing = [name for name in (ACCESS_KEY, SECRET_KEY) if not os.environ.get(name)]
    if missing:
        raise ObjectStoreError(
            f"object store: {' and '.join(missing)} not set; rule: a key pair that may manage buckets and "
            f"users comes in the environment of pulumi; example: export {ACCESS_KEY}=... {SECRET_KEY}=..."
        )
    return os.environ[ACCESS_KEY], os.environ[SECRET_KEY]


def s3_client(endpoint: str, region: str, key: tuple[str, str] | None = None) -> S3Client:
    """A client with short timeouts: the administrator's, or that of another key pair."""
    bundle = ca_bundle()
    # One at a time: calls that come together would each make the same client, and a session is no thread's alone.
    with calling(endpoint, "making a client"), _MAKING:
        return _client(endpoint, region, key or credentials(), bundle)


def ca_bundle() -> str | None:
    """The PEM file of authorities that the environment names, or None."""
    path = os.environ.get(CA_BUNDLE) or os.environ.get("AWS_CA_BUNDLE") or None
    if path and not os.access(path, os.R_OK):
        raise ObjectStoreError(
            f"object store: CA bundle {path}: not a readable file; rule: {CA_BUNDLE} names a PEM file"
        )
    return path


@lru_cache(maxsize=1)
def _session() -> boto3.session.Session:
    """One for all clients: it reads the description of the S3 API once, which is most of what a client takes."""
    return boto3.session.Session()


@lru_cache(maxsize=4)
def _client(endpoint: str, region: str, key: tuple[str, str], bundle: str | None) -> S3Client:
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": RETRIES + 1, "mode": "standard"},
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        proxies={} if urlsplit(endpoint).hostname in _LOOPBACK else None,
    )
    return _session().client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
        verify=bundle,
        config=config,
    )
