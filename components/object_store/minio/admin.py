"""MinIO's administration interface: the one module that imports its client, used by `users` and `quota`.

Everything else needs the S3 API alone, so that another store can take MinIO's place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any, cast
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.credentials.providers import StaticProvider
from minio.crypto import decrypt
from minio.error import MinioAdminException, S3Error
from minio.minioadmin import MinioAdmin
from minio.versioningconfig import VersioningConfig

from components.object_store import store_client
from components.object_store.store_client import CONNECT_SECONDS, READ_SECONDS, RETRIES

Admin = MinioAdmin
"""The client's class, for those that use this module."""


class Keys(Enum):
    """Questions for the access keys of everybody, of whom the store keeps itself, an LDAP or an OpenID directory."""

    OWN = "list-access-keys-bulk"
    LDAP = "idp/ldap/list-access-keys-bulk"
    OPENID = "idp/openid/list-access-keys-bulk"


_CODE = re.compile(r'"Code":\s*"(\w+)"')
_PATH = re.compile(r'"Resource":\s*"/minio/admin/v3/([\w/-]+)"')
_RIGHTS = {
    "list-users": "ListUsers",
    "user-info": "GetUser",
    "add-user": "CreateUser",
    "remove-user": "DeleteUser",
    "list-canned-policies": "ListUserPolicies",
    "info-canned-policy": "GetPolicy",
    "add-canned-policy": "CreatePolicy",
    "remove-canned-policy": "DeletePolicy",
    "set-user-or-group-policy": "AttachUserOrGroupPolicy",
    "groups": "ListGroups",
    "group": "GetGroup",
    "get-bucket-quota": "GetBucketQuota",
    "set-bucket-quota": "SetBucketQuota",
    "site-replication/info": "SiteReplicationInfo",
    **dict.fromkeys((one.value for one in Keys), "ListServiceAccounts and admin:ListUsers"),
}
"""By the path of a question what its right is called."""


@contextmanager
def calling(endpoint: str, action: str) -> Iterator[None]:
    """Turn every failure of an administration call into an ObjectStoreError without credentials in it."""
    with store_client.calling(endpoint, action):
        try:
            yield
        except MinioAdminException as error:
            raise store_client.refusal(endpoint, action, error_code(error), _right(error)) from None


def error_code(error: MinioAdminException) -> str:
    """The server's own code of an error, such as `NoSuchBucket`."""
    found = _CODE.search(str(error))
    return found.group(1) if found else "Unknown"


def _right(error: MinioAdminException) -> str:
    found = _PATH.search(str(error))
    name = _RIGHTS.get(found.group(1)) if found else None
    return f"admin:{name}" if name else ""


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


def settings(admin: Admin, part: str) -> str | None:
    """The store's settings of a part, a line each; None where it does not tell them to this account."""
    try:
        return admin.config_get(part)
    except UnboundLocalError:  # the client trips over a refusal
        return None


def access_keys(admin: Admin, whose: Keys, *absent: str) -> Any:
    """Names of all further access keys, by user; None where the server says one of the codes `absent`.

    One question for everybody, those of the root account and temporary ones among them. The client has no method for
    two of the three: its own way to ask is used, and each key itself stays in the store.
    """
    words = {"listType": "all", "all": "true", "allConfigs": "true"}
    ask = admin._url_open
    secret_key = admin._provider.retrieve().secret_key
    try:
        told = ask(method="GET", command=cast("Any", whose), query_params=cast("Any", words), preload_content=False)
        return json.loads(decrypt(told, secret_key))
    except MinioAdminException as error:
        if error_code(error) in absent:
            return None
        raise


def versioning(endpoint: str, region: str, key: tuple[str, str], bucket: str) -> VersioningConfig:
    """How a bucket keeps versions, with what MinIO adds to the S3 API's answer; raise ObjectStoreError."""
    action = f"reading the versioning of bucket {bucket}"
    with calling(endpoint, action):
        client = Minio(region=region, **_access(endpoint, key))
        try:
            return client.get_bucket_versioning(bucket)
        except S3Error as error:
            raise store_client.refusal(endpoint, action, str(error.code), "s3:GetBucketVersioning") from None


def admin_client(endpoint: str, key: tuple[str, str] | None = None) -> Admin:
    """A client with the short timeouts of `store_client`; with the administrator's key of the environment, or `key`."""
    access = _access(endpoint, key or store_client.credentials())
    with calling(endpoint, "making a client"):
        provider = StaticProvider(access.pop("access_key"), access.pop("secret_key"))
        return MinioAdmin(credentials=provider, **access)


def _access(endpoint: str, key: tuple[str, str]) -> dict[str, Any]:
    url = urlsplit(endpoint)
    pool = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        retries=urllib3.Retry(total=RETRIES, backoff_factor=0.2, status_forcelist=[502, 503, 504]),
        cert_reqs="CERT_REQUIRED",
        ca_certs=store_client.ca_bundle(),
    )
    https = url.scheme == "https"
    return {
        "endpoint": url.netloc,
        "access_key": key[0],
        "secret_key": key[1],
        "secure": https,
        "http_client": pool,
    }
