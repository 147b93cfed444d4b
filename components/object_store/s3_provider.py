"""Buckets of an S3-compatible store as a Pulumi dynamic provider.

The provider never removes data, never touches a bucket of another owner, and keeps the administrator's
credentials out of inputs, outputs, state and messages: only the provider's own process reads them, from the
environment. Check and diff never call the store, so a preview works offline.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pulumi
from pulumi import dynamic

from components.labels import OWNER_TAG
from components.object_store.provider import QuietProvider, client_module, endpoint_faults, known, plain

_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_COMPARED = (
    "endpoint",
    "region",
    "bucket",
    "versioning",
    "objectLockDays",
    "objectLockMode",
    "expireNoncurrentDays",
    "abortUploadsDays",
    "tags",
    "owner",
    "closed",
    "guards",
    "abilities",
)
_MODES = ("GOVERNANCE", "COMPLIANCE")


class BucketProvider(QuietProvider):
    """Create, read, update and delete one bucket; inputs and outputs share their names.

    The output `unmanaged` lists what the store has and the program does not say, such as a bucket policy.
    """

    __module__ = "components.s3_provider"

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.CheckResult:
        """Refuse names and settings that no store would take."""
        faults = endpoint_faults(news)
        if known(news["bucket"]) and not _BUCKET.fullmatch(str(news["bucket"])):
            reason = f"{news['bucket']}: must be 3 to 63 of a-z, 0-9 and inner hyphens; example: dev-lora"
            faults.append(dynamic.CheckFailure("bucket", reason))
        for name in ("objectLockDays", "expireNoncurrentDays", *(["abortUploadsDays"] if _aborts(news) else [])):
            if known(news[name]) and (news[name] < 0 or int(news[name]) != news[name]):
                reason = f"{news[name]}: must be 0 (off) or a whole number of days; example: 30"
                faults.append(dynamic.CheckFailure(name, reason))
        if news["objectLockDays"] and news["versioning"] is False:
            faults.append(dynamic.CheckFailure("versioning", "false: object lock needs versioning; example: true"))
        if news["objectLockMode"] not in _MODES:
            reason = f"{news['objectLockMode']}: must be one of {', '.join(_MODES)}; example: GOVERNANCE"
            faults.append(dynamic.CheckFailure("objectLockMode", reason))
        if OWNER_TAG in news["tags"]:
            faults.append(dynamic.CheckFailure("tags", f"{OWNER_TAG}: is set by the program; remove it"))
        faults += _beyond_abilities(news)
        return dynamic.CheckResult(news, faults)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> dynamic.DiffResult:
        """Compare inputs with the settings last seen; object lock and the name cannot change in place."""
        changed = [name for name in _COMPARED if olds.get(name) != news.get(name)]
        if not news.get("objectLockDays"):
            changed = [name for name in changed if name != "objectLockMode"]
        replaces = [name for name in ("bucket",) if name in changed]
        # Whether there is a lock is fixed for life; how long it holds by default can be set again, also after drift.
        locked = olds.get("objectLock", bool(olds.get("objectLockDays")))
        if locked != bool(news.get("objectLockDays")):
            replaces.append("objectLockDays")
        return dynamic.DiffResult(
            changes=bool(changed or olds.get("unmanaged")),
            replaces=replaces,
            # Two buckets of one name cannot be: the old one goes first, which it refuses unless it is empty.
            delete_before_replace=bool(replaces) and "bucket" not in changed,
        )

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Create the bucket, or take over the one that an interrupted run of this owner left."""
        return dynamic.CreateResult(str(props["bucket"]), self._ensure(props))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.UpdateResult:
        """Bring every setting to what the program says; a bucket that vanished is made again."""
        return dynamic.UpdateResult(self._ensure(news, known_as_ours=True))

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """Report the bucket's real settings, so that a refresh finds drift."""
        store, settings = client_module(), _settings()
        client = store.s3_client(props["endpoint"], props["region"])
        with store.calling(props["endpoint"], f"reading bucket {id_}"):
            if not settings.exists(client, id_):
                return dynamic.ReadResult("", {})
            return dynamic.ReadResult(id_, {**plain(props), **settings.observe(client, id_, props)})

    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Delete an empty bucket; refuse while it holds any object or old version."""
        store = client_module()
        client = store.s3_client(props["endpoint"], props["region"])
        with store.calling(props["endpoint"], f"deleting bucket {id_}"):
            _settings().remove(client, id_, props)

    def _ensure(self, props: dict[str, Any], *, known_as_ours: bool = False) -> dict[str, Any]:
        store, settings = client_module(), _settings()
        client = store.s3_client(props["endpoint"], props["region"])
        with store.calling(props["endpoint"], f"setting up bucket {props['bucket']}"):
            settings.claim(client, props, known_as_ours=known_as_ours)
            settings.apply(client, props)
            return {**plain(props), **settings.observe(client, props["bucket"], props)}


class S3Bucket(dynamic.Resource, module="kitchen", name="S3Bucket"):
    """The bucket as the engine sees it; use `components.object_store.Bucket`."""

    bucket: pulumi.Output[str]

    def __init__(
        self, resource_name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Register the bucket; `props` holds every input of BucketProvider."""
        super().__init__(BucketProvider(), resource_name, dict(props), opts)


def _aborts(news: Mapping[str, Any]) -> bool:
    return "abortUploadsDays" in news


def _beyond_abilities(news: Mapping[str, Any]) -> list[dynamic.CheckFailure]:
    """What is asked of a store that it cannot do: refused, because leaving it away would be silent."""
    asked = {
        "versioning": "versioning",
        "objectLockDays": "objectLock",
        "expireNoncurrentDays": "lifecycle",
        "abortUploadsDays": "lifecycle",
        "guards": "bucketPolicy",
        "tags": "tagging",
    }
    return [
        dynamic.CheckFailure(name, f"{news[name]}: the store cannot do {ability}; rule: abilities name what it can")
        for name, ability in asked.items()
        if news.get(name) and known(news[name]) and ability not in news["abilities"]
    ]


# Loaded in the provider's process only: boto3 would cost each preview of the program a quarter of a second.
def _settings() -> ModuleType:
    from components.object_store import bucket_settings  # noqa: PLC0415 - the provider's process only

    return bucket_settings
