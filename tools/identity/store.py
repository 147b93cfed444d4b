"""What the deployer's account of the object store needs, as a policy document of MinIO."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infra.catalog import load_catalog
from infra.load import settings_from_file

STORE = "store"

_BUCKET = (
    *("CreateBucket", "DeleteBucket", "ListBucket", "ListBucketVersions", "GetBucketLocation"),
    *("GetBucketTagging", "PutBucketTagging", "GetBucketVersioning", "PutBucketVersioning"),
    *("GetBucketObjectLockConfiguration", "PutBucketObjectLockConfiguration"),
    *("GetLifecycleConfiguration", "PutLifecycleConfiguration"),
    *("GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"),
)
"""What the program does to its buckets; none of it reads or writes an object."""

_ADMINISTRATION = (
    *("CreateUser", "DeleteUser", "GetUser", "ListUsers", "EnableUser"),
    *("CreatePolicy", "DeletePolicy", "GetPolicy", "ListUserPolicies", "AttachUserOrGroupPolicy"),
    *("GetBucketQuota", "SetBucketQuota"),
)
_LOOKING = ("ListGroups", "GetGroup", "ListServiceAccounts")
"""Beside these, what `kitchen drift` asks for."""


def policy(prefix: str, *, users: bool) -> dict[str, Any]:
    """The document for buckets that begin with `prefix`; with `users` the account makes users and policies too.

    MinIO limits no right of its administration to some users: whoever may make users and policies may make one that
    reads everything. So the account is as strong as the store's root in the end, and is to be kept like it.
    """
    names = [f"arn:aws:s3:::{prefix}*"]
    statements: list[dict[str, Any]] = [
        {"Sid": "Buckets", "Effect": "Allow", "Action": [f"s3:{word}" for word in _BUCKET], "Resource": names},
        {"Sid": "Names", "Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": ["arn:aws:s3:::*"]},
    ]
    if users:
        words = [f"admin:{word}" for word in (*_ADMINISTRATION, *_LOOKING)]
        statements.append({"Sid": "Users", "Effect": "Allow", "Action": words})
    return {"Version": "2012-10-17", "Statement": statements}


def policy_text(settings: Path) -> str:
    """The document for an environment; raise FaultsError for settings that are wrong."""
    store = settings_from_file(settings, load_catalog()).object_store
    return json.dumps(policy(store.bucket_prefix, users=store.kind == "minio"), indent=2) + "\n"
