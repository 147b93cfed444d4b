"""Users of MinIO, each with a policy that reads some prefixes of one bucket, or writes them, and nothing else.

A user is ours when its policy carries our owner; a user or policy of another owner is never touched. Other
S3 stores have no common way to make users: give them an existing key pair instead.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi import dynamic

from components.content import sha256_of
from components.object_store.bucket_policy import canonical
from components.object_store.provider import QuietProvider, client_module, endpoint_faults, known, plain

if TYPE_CHECKING:
    from components.object_store.minio.admin import Admin

MAX_ACCESS_KEY = 20
"""Longest access key that MinIO takes for a user."""

MIN_SECRET_KEY = 8
"""Shortest secret key that MinIO takes."""

_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*/?")
_CHANGES = (
    "s3:AbortMultipartUpload",
    "s3:BypassGovernanceRetention",
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:DeleteObject",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersion",
    "s3:DeleteObjectVersionTagging",
    "s3:ForceDeleteBucket",
    "s3:PutBucketNotification",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketPolicy",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:PutObject",
    "s3:PutObjectLegalHold",
    "s3:PutObjectRetention",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
    "s3:PutReplicationConfiguration",
)
"""Every action of the S3 API that changes something, each by its name: a wildcard would take reading along."""

_COMPARED = ("endpoint", "region", "user", "accessKey", "bucket", "prefixes", "owner", "secretKey", "writes")


def access_key(user: str) -> str:
    """The access key of a user: its name, or within MinIO's 20 characters a head of it and a hash."""
    if len(user) <= MAX_ACCESS_KEY:
        return user
    return f"{user[:11]}-{hashlib.sha256(user.encode()).hexdigest()[:8]}"


def read_policy(owner: str, bucket: str, prefixes: Sequence[str]) -> dict[str, Any]:
    """A policy that gets objects below the prefixes and lists just those prefixes.

    What it denies holds too where somebody attaches a wider policy to the user: no change, no version deleted, no
    administration. MinIO evaluates no bucket policy for its users, so that the denial stands here.
    """
    folders = sorted(f"{prefix.rstrip('/')}/*" for prefix in prefixes)
    arn = f"arn:aws:s3:::{bucket}"
    return {
        "ID": owner,
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "ReadObjects",
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": [f"{arn}/{folder}" for folder in folders],
            },
            {
                "Sid": "ListPrefixes",
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": [arn],
                "Condition": {"StringLike": {"s3:prefix": folders}},
            },
            {"Sid": "NoChange", "Effect": "Deny", "Action": list(_CHANGES), "Resource": ["arn:aws:s3:::*"]},
            {"Sid": "NoAdministration", "Effect": "Deny", "Action": ["admin:*"]},
        ],
    }


_WRITES = ("s3:AbortMultipartUpload", "s3:PutObject")


def write_policy(owner: str, bucket: str, prefixes: Sequence[str]) -> dict[str, Any]:
    """A policy that puts objects below the prefixes: it reads nothing, lists nothing and changes nothing else.

    What it denies holds too where somebody attaches a wider policy to the user.
    """
    arn = f"arn:aws:s3:::{bucket}"
    folders = sorted(f"{arn}/{prefix.rstrip('/')}/*" for prefix in prefixes)
    others = [action for action in _CHANGES if action not in _WRITES]
    return {
        "ID": owner,
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "PutObjects", "Effect": "Allow", "Action": list(_WRITES), "Resource": folders},
            {"Sid": "NoChange", "Effect": "Deny", "Action": others, "Resource": ["arn:aws:s3:::*"]},
            {"Sid": "NoReading", "Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::*"]},
            {"Sid": "NoAdministration", "Effect": "Deny", "Action": ["admin:*"]},
        ],
    }


def policy_of(props: Mapping[str, Any]) -> dict[str, Any]:
    """The policy of a user: one that reads, or with `writes` one that writes."""
    make = write_policy if props.get("writes") else read_policy
    return make(props["owner"], props["bucket"], props["prefixes"])


class MinioUserProvider(QuietProvider):
    """Create, read, update and delete one user and its policy; the policy has the user's full name."""

    __module__ = "components.minio_users"

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.CheckResult:
        """Refuse prefixes that would read more than they say, and keys that MinIO would refuse."""
        faults = endpoint_faults(news)
        if known(news["prefixes"]):
            wrong = [str(prefix) for prefix in news["prefixes"] if not _PREFIX.fullmatch(str(prefix))]
            if wrong or not news["prefixes"]:
                reason = f"{wrong}: must be folders without wildcards; example: helpdesk-faq/v2026-02-01/"
                faults.append(dynamic.CheckFailure("prefixes", reason))
        if not 3 <= len(str(news["accessKey"])) <= MAX_ACCESS_KEY:
            reason = f"{news['accessKey']}: must have 3 to {MAX_ACCESS_KEY} characters; example: helpdesk-lora"
            faults.append(dynamic.CheckFailure("accessKey", reason))
        if known(news["secretKey"]) and len(str(news["secretKey"])) < MIN_SECRET_KEY:
            reason = f"must have at least {MIN_SECRET_KEY} characters"
            faults.append(dynamic.CheckFailure("secretKey", reason))
        return dynamic.CheckResult(news, faults)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> dynamic.DiffResult:
        """Compare inputs with what was last seen; a user of another name is another user."""
        changed = [name for name in _COMPARED if olds.get(name) != news.get(name)]
        return dynamic.DiffResult(
            changes=bool(changed or olds.get("drift") or olds.get("policySha256") != policy_sum(news)),
            replaces=[name for name in ("user", "accessKey") if name in changed],
        )

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Create policy and user, or take over those that an interrupted run of this owner left."""
        return dynamic.CreateResult(str(props["accessKey"]), self._ensure(props))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.UpdateResult:
        """Set policy and secret key to what the program says; this takes effect at once."""
        return dynamic.UpdateResult(self._ensure(news, known_as_ours=True))

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """Report in `drift` where policy, user or secret key differ from the state's."""
        drift = seen(id_, props)
        if drift is None:
            return dynamic.ReadResult("", {})
        if not drift and not _works(props):
            drift = ["secret key"]
        return dynamic.ReadResult(id_, {**plain(props), "drift": drift})

    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Remove user and policy if they are ours; what is gone already is fine."""
        minio = _minio()
        admin = minio.admin_client(props["endpoint"])
        with minio.calling(props["endpoint"], f"deleting user {id_}"):
            policy = _info(admin, "policy_info", props["user"])
            if policy is not None and policy.get("ID") != props["owner"]:
                return
            if _info(admin, "user_info", id_) is not None:
                admin.user_remove(id_)
            if policy is not None:
                admin.policy_remove(props["user"])

    def _ensure(self, props: dict[str, Any], *, known_as_ours: bool = False) -> dict[str, Any]:
        """Set both. `known_as_ours` is the state's word for a user whose policy, and with it our name, is gone."""
        minio = _minio()
        admin = minio.admin_client(props["endpoint"])
        user, key, owner = props["user"], props["accessKey"], props["owner"]
        with minio.calling(props["endpoint"], f"setting up user {key}"):
            policy = _info(admin, "policy_info", user)
            taken = policy.get("ID") if policy is not None else None
            foreign = policy is None and not known_as_ours and _info(admin, "user_info", key) is not None
            if foreign or (policy is not None and taken != owner):
                raise client_module().ObjectStoreError(
                    f"user {key}: exists already and belongs to {taken or 'nobody we know'}, not to {owner}; "
                    f"rule: nothing is taken over unasked; check: the names of tenant and kitchen"
                )
            # The policy goes first: it carries the owner that a later run recognises.
            admin.policy_add(user, policy=policy_of(props))
            admin.user_add(key, props["secretKey"])
            admin.policy_set(user, user=key)
        return {**plain(props), "drift": [], "policySha256": policy_sum(props)}


def seen(id_: str, props: Mapping[str, Any], key: tuple[str, str] | None = None) -> list[str] | None:
    """Where policy and user differ from `props`; None where there is no such user. Its secret key is not tried.

    `key` is the administrator's, instead of that of the environment.
    """
    minio = _minio()
    admin = minio.admin_client(props["endpoint"], key)
    with minio.calling(props["endpoint"], f"reading user {id_}"):
        info = _info(admin, "user_info", id_)
        return None if info is None else _drift(admin, info, props)


class MinioUser(dynamic.Resource, module="kitchen", name="MinioUser"):
    """The user as the engine sees it; use `components.object_store.BucketAccess`."""

    accessKey: pulumi.Output[str]  # noqa: N815 - the provider's name of the property

    def __init__(
        self, resource_name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Register the user; `props` holds every input of MinioUserProvider."""
        secret = pulumi.ResourceOptions(additional_secret_outputs=["secretKey"])
        super().__init__(MinioUserProvider(), resource_name, dict(props), pulumi.ResourceOptions.merge(opts, secret))


def policy_sum(props: Mapping[str, Any]) -> str:
    """The sum of the policy that a user gets: it changes too when the program writes another one than before."""
    return sha256_of(policy_of(props))


def _drift(admin: Admin, info: Mapping[str, Any], props: Mapping[str, Any]) -> list[str]:
    policy = _info(admin, "policy_info", props["user"])
    expected = policy_of(props)
    drift = []
    if policy is None or canonical(policy) != canonical(expected):
        drift.append("policy")
    if info.get("policyName") != props["user"]:
        drift.append("attached policies")
    if info.get("status") != "enabled":
        drift.append("status")
    return drift


def _works(props: Mapping[str, Any]) -> bool:
    """Whether the store still takes the secret key of the state."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - the provider's process only

    store = client_module()
    client = store.s3_client(props["endpoint"], props["region"], (props["accessKey"], props["secretKey"]))
    prefix = f"{sorted(props['prefixes'])[0].rstrip('/')}/"
    with store.calling(props["endpoint"], f"trying the key of user {props['accessKey']}"):
        try:
            client.list_objects_v2(Bucket=props["bucket"], Prefix=prefix, MaxKeys=1)
        except ClientError as error:
            return store.error_code(error) not in ("SignatureDoesNotMatch", "InvalidAccessKeyId")
    return True


def _info(admin: Admin, call: str, name: str) -> dict[str, Any] | None:
    """The administration interface's answer, or None where it knows no such user or policy."""
    answer: dict[str, Any] | None = _minio().answer(
        admin, call, name, "XMinioAdminNoSuchUser", "XMinioAdminNoSuchPolicy"
    )
    return answer


def _minio() -> ModuleType:
    from components.object_store.minio import admin as minio_admin  # noqa: PLC0415 - the provider's process only

    return minio_admin
