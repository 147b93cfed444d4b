"""Buckets of the object store, and read-only keys to parts of them.

Guaranteed: a bucket with data is never deleted, nothing of another owner is touched, and a consumer's key
reads the prefixes that it was given and nothing else. The administrator's credentials never enter the program:
the provider's process takes them from KITCHEN_OBJECT_STORE_ACCESS_KEY and KITCHEN_OBJECT_STORE_SECRET_KEY.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pulumi

from components.facts import ABILITIES, PLACEHOLDER
from components.kubernetes_object import KubernetesObject
from components.object_store.bucket_policy import Guard
from components.object_store.minio.quota import MinioQuota
from components.object_store.minio.users import MinioUser, access_key
from components.object_store.s3_provider import S3Bucket

_SECRET_LENGTH = 40


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """A bucket's settings.

    `object_lock_days` is the default retention and, on or off, fixed for the bucket's life; None or 0 is off.
    `expire_noncurrent_days` removes an old version so many days after it was replaced; None or 0 keeps it.
    `abort_uploads_days` removes the parts of an upload that nobody has ended by then; None where a store has no rule.
    `adopt` takes over an existing bucket that has no owner (the import of a bucket made by other means).
    `guards` are the statements of the program's bucket policy (`components.object_store.bucket_policy`).
    `closed` removes every other statement: access comes from users' own policies. Where a store gives access by
    bucket policies, False leaves them to whoever manages them.
    `abilities` is what the store can do; asking for what it cannot is refused, and it is never called.
    `quota_gib` is the most that the bucket holds, through MinIO's administration interface; None is no limit.
    `protect` guards against deletion from the program: it is refused, and retained if it is forced.
    """

    endpoint: str
    region: str
    bucket: str
    versioning: bool = True
    object_lock_days: int | None = None
    object_lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] = "GOVERNANCE"
    expire_noncurrent_days: int | None = None
    abort_uploads_days: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    adopt: bool = False
    closed: bool = True
    guards: Sequence[Guard] = ("anonymous",)
    abilities: Sequence[str] = ABILITIES
    quota_gib: int | None = None
    protect: bool = False


class Bucket(pulumi.ComponentResource):
    """One bucket, owned by this project and stack; drift is found by refresh and mended by up.

    Errors name the bucket, the rule and what to check: store out of reach, bucket of another owner, deletion
    of a bucket that is not empty, object lock changed on one that holds data.
    """

    TOKEN = "kitchen:object_store:Bucket"

    bucket_name: pulumi.Output[str]

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Register the bucket; nothing calls the store before `up`."""
        super().__init__(self.TOKEN, name, {"bucket": args.bucket}, opts)
        bucket = S3Bucket(
            name,
            {
                "endpoint": args.endpoint,
                "region": args.region,
                "bucket": args.bucket,
                "versioning": args.versioning,
                "objectLockDays": args.object_lock_days or 0,
                "objectLockMode": args.object_lock_mode,
                "expireNoncurrentDays": args.expire_noncurrent_days or 0,
                "tags": dict(args.tags),
                "owner": _owner(),
                "adopt": args.adopt,
                "closed": args.closed,
                "guards": sorted(args.guards),
                "abilities": sorted(args.abilities),
                # Not there for stores without such a rule: states of earlier releases have no such input.
                **({"abortUploadsDays": args.abort_uploads_days} if args.abort_uploads_days else {}),
            },
            pulumi.ResourceOptions(parent=self, protect=args.protect, retain_on_delete=args.protect),
        )
        if args.quota_gib is not None:
            limit = {"bucket": args.bucket, "quotaGiB": args.quota_gib}
            where = {"endpoint": args.endpoint, "region": args.region}
            MinioQuota(name, {**where, **limit}, pulumi.ResourceOptions(parent=self, depends_on=[bucket]))
        self.bucket_name = bucket.bucket
        self.register_outputs({"bucketName": self.bucket_name})


@dataclass(frozen=True, kw_only=True)
class BucketAccessArgs:
    """Who may read what.

    `mode` is `minio` (a MinIO user of its own, named after `user`), `existing` (the key pair lies in the
    Secret `existing_secret`; nothing is made) or `placeholder` (a Secret without a real key, for rendering).
    `prefixes` are folders of the bucket, such as `helpdesk-faq/v2026-02-01/`. `generation` is the number of the
    key: the next one is another user with another key, made before the Secret changes; the old one goes after it.
    """

    endpoint: str
    region: str
    bucket: str
    prefixes: Sequence[str]
    namespace: pulumi.Input[str]
    secret_name: str
    user: str
    mode: Literal["minio", "existing", "placeholder"] = "minio"
    existing_secret: str | None = None
    generation: int = 1
    labels: Mapping[str, str] = field(default_factory=dict)
    writes: bool = False


class BucketAccess(pulumi.ComponentResource):
    """A key pair in a Kubernetes Secret (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) that reads, or with `writes` writes.

    `opts` carries the Kubernetes provider. The Secret is made after the store knows the key. The secret key
    is random, encrypted in the state, and stops working when the resource is deleted.
    """

    TOKEN = "kitchen:object_store:BucketAccess"

    secret_name: pulumi.Output[str]

    def __init__(self, name: str, args: BucketAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Register key, user and Secret; raise ValueError for mode `existing` without a Secret's name."""
        super().__init__(self.TOKEN, name, {"bucket": args.bucket, "prefixes": list(args.prefixes)}, opts)
        if args.mode == "existing":
            if not args.existing_secret:
                raise ValueError("existing_secret: missing; rule: mode existing names a Secret; example: lora-key")
            self.secret_name = pulumi.Output.from_input(args.existing_secret)
        elif args.mode == "placeholder":
            self.secret_name = self._secret(name, args, PLACEHOLDER, PLACEHOLDER)
        else:
            self.secret_name = self._minio(name, args)
        self.register_outputs({"secretName": self.secret_name})

    def _minio(self, name: str, args: BucketAccessArgs) -> pulumi.Output[str]:
        from pulumi_random import RandomPassword  # noqa: PLC0415 - 20 ms that the providers' process need not wait

        child = pulumi.ResourceOptions(parent=self)
        # The first generation has no keeper and no suffix: such are the keys that were made before there was a second.
        first = args.generation == 1
        called = args.user if first else f"{args.user}-g{args.generation}"
        keepers = None if first else {"generation": str(args.generation)}
        password = RandomPassword(name, length=_SECRET_LENGTH, special=False, keepers=keepers, opts=child)
        user = MinioUser(
            name,
            {
                "endpoint": args.endpoint,
                "region": args.region,
                "user": called,
                "accessKey": access_key(called),
                "bucket": args.bucket,
                "prefixes": sorted(args.prefixes),
                "owner": _owner(),
                "secretKey": password.result,
                # Not there for readers: states of earlier releases have no such input.
                **({"writes": True} if args.writes else {}),
            },
            child,
        )
        return self._secret(name, args, user.accessKey, password.result)

    def _secret(
        self, name: str, args: BucketAccessArgs, key: pulumi.Input[str], secret: pulumi.Input[str]
    ) -> pulumi.Output[str]:
        KubernetesObject(
            name,
            api_version="v1",
            kind="Secret",
            metadata={"name": args.secret_name, "namespace": args.namespace, "labels": dict(args.labels)},
            stringData={"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret},
            opts=pulumi.ResourceOptions(parent=self),
        )
        return pulumi.Output.from_input(args.secret_name)


def _owner() -> str:
    return f"{pulumi.get_project()}/{pulumi.get_stack()}"
