"""What accounts of the object store need, as policy documents of MinIO: the deployer's, and that of whoever looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infra.catalog import load_catalog
from infra.load import settings_from_file

STORE, STORE_DRIFT = "store", "store-drift"
STORE_WAYS = (STORE, STORE_DRIFT)

_READS_OF_BUCKETS = (
    *("ListBucket", "GetBucketTagging", "GetBucketVersioning"),
    *("GetBucketObjectLockConfiguration", "GetLifecycleConfiguration", "GetBucketPolicy"),
)
_LOOKS_AT_BUCKETS = (
    *("GetReplicationConfiguration", "GetBucketNotification", "GetEncryptionConfiguration", "GetBucketCors"),
)
"""What `kitchen drift` reads beside these: settings that the program never sets."""

_CHANGES_OF_BUCKETS = (
    *(
        "CreateBucket",
        "DeleteBucket",
        "GetBucketLocation",
        "ListBucketVersions",
        "PutBucketTagging",
        "PutBucketVersioning",
    ),
    *("PutBucketObjectLockConfiguration", "PutLifecycleConfiguration", "PutBucketPolicy", "DeleteBucketPolicy"),
)
"""What else the program does to its buckets; none of it reads or writes an object."""

_READS = ("GetUser", "ListUsers", "GetPolicy", "ListUserPolicies", "GetBucketQuota")
_LOOKS = ("ListGroups", "GetGroup", "ListServiceAccounts", "SiteReplicationInfo")
"""Beside these, what `kitchen drift` asks for."""
_CHANGES = (
    *("CreateUser", "DeleteUser", "EnableUser", "CreatePolicy", "DeletePolicy", "AttachUserOrGroupPolicy"),
    "SetBucketQuota",
)


_LONGEST = 20
"""Characters of an access key of MinIO."""


def account(way: str, environment: str) -> str:
    """The access key by which the account of a way is known: `kitchen-store-dev`, `kitchen-drift-dev`."""
    return f"kitchen-{way.rpartition('-')[2]}-{environment}"[:_LONGEST]


def policy(prefix: str, *, users: bool) -> dict[str, Any]:
    """The document for buckets that begin with `prefix`; with `users` the account makes users and policies too.

    MinIO limits no right of its administration to some users: whoever may make users and policies may make one that
    reads everything. So the account is as strong as the store's root in the end, and is to be kept like it.
    """
    buckets = (*_READS_OF_BUCKETS, *_LOOKS_AT_BUCKETS, *_CHANGES_OF_BUCKETS)
    return _document(prefix, buckets, (*_READS, *_LOOKS, *_CHANGES) if users else ())


def looking_policy(prefix: str, *, users: bool) -> dict[str, Any]:
    """The least document by which `kitchen drift` reads all that it reads: it changes nothing and reads no object.

    `s3:ListBucket` lists names of objects too: MinIO knows no other right to ask whether a bucket is there. Tags of
    buckets that do not begin with `prefix` are read as well: their owner says whether one of them is ours.
    """
    buckets = (*_READS_OF_BUCKETS, *_LOOKS_AT_BUCKETS)
    return _document(prefix, buckets, (*_READS, *_LOOKS) if users else (), ("GetBucketTagging",))


def _document(
    prefix: str, buckets: tuple[str, ...], users: tuple[str, ...], everywhere: tuple[str, ...] = ()
) -> dict[str, Any]:
    own = [f"s3:{word}" for word in buckets if word not in everywhere]
    names = [f"s3:{word}" for word in ("ListAllMyBuckets", *everywhere)]
    statements: list[dict[str, Any]] = [
        {"Sid": "Buckets", "Effect": "Allow", "Action": own, "Resource": [f"arn:aws:s3:::{prefix}*"]},
        {"Sid": "Names", "Effect": "Allow", "Action": names, "Resource": ["arn:aws:s3:::*"]},
    ]
    if users:
        words = [f"admin:{word}" for word in users]
        statements.append({"Sid": "Users", "Effect": "Allow", "Action": words})
    return {"Version": "2012-10-17", "Statement": statements}


def policy_text(settings: Path, way: str) -> str:
    """The document of a way for an environment; raise FaultsError for settings that are wrong."""
    store = settings_from_file(settings, load_catalog()).object_store
    make = looking_policy if way == STORE_DRIFT else policy
    return json.dumps(make(store.bucket_prefix, users=store.kind == "minio"), indent=2) + "\n"
