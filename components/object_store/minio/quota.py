"""The most that a bucket of MinIO may hold, as a Pulumi dynamic provider on its administration interface."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pulumi
from pulumi import dynamic

from components.object_store.provider import QuietProvider, endpoint_faults, known, plain

GIB = 1024**3
_COMPARED = ("endpoint", "bucket", "quotaGiB")
_NO_BUCKET = "NoSuchBucket"


class MinioQuotaProvider(QuietProvider):
    """Create, read, update and delete the hard quota of one bucket; MinIO refuses what would go beyond it.

    MinIO compares with its last count of the bucket, which is some minutes old: a burst can pass the limit.
    """

    __module__ = "components.minio_quota"

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.CheckResult:
        """Refuse a quota that is not a whole number of GiB above zero."""
        faults = endpoint_faults(news)
        quota = news["quotaGiB"]
        if known(quota) and (quota < 1 or int(quota) != quota):
            reason = f"{quota}: must be a whole number of GiB, at least 1; example: 200"
            faults.append(dynamic.CheckFailure("quotaGiB", reason))
        return dynamic.CheckResult(news, faults)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> dynamic.DiffResult:
        """Compare with the quota last seen; another bucket has another quota."""
        changed = [name for name in _COMPARED if olds.get(name) != news.get(name)]
        return dynamic.DiffResult(changes=bool(changed), replaces=[name for name in ("bucket",) if name in changed])

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Set the quota; one that was there already is replaced."""
        return dynamic.CreateResult(str(props["bucket"]), self._set(props))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.UpdateResult:
        """Set the quota to what the program says."""
        return dynamic.UpdateResult(self._set(news))

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """Report the bucket's real quota; 0 GiB where it was taken away, so that a refresh finds it."""
        size = seen(id_, props)
        return (
            dynamic.ReadResult("", {}) if size is None else dynamic.ReadResult(id_, {**plain(props), "quotaGiB": size})
        )

    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Take the limit away; a bucket that is gone has none."""
        minio = _minio()
        with minio.calling(props["endpoint"], f"clearing the quota of bucket {id_}"):
            admin = minio.admin_client(props["endpoint"])
            if minio.answer(admin, "bucket_quota_get", id_, _NO_BUCKET) is not None:
                admin.bucket_quota_clear(id_)

    def _set(self, props: dict[str, Any]) -> dict[str, Any]:
        minio = _minio()
        with minio.calling(props["endpoint"], f"setting the quota of bucket {props['bucket']}"):
            minio.admin_client(props["endpoint"]).bucket_quota_set(props["bucket"], int(props["quotaGiB"]) * GIB)
        return plain(props)


def seen(bucket: str, props: Mapping[str, Any], key: tuple[str, str] | None = None) -> float | None:
    """The bucket's quota in GiB, 0 for none; None where there is no such bucket.

    `key` is the administrator's, instead of that of the environment.
    """
    minio = _minio()
    with minio.calling(props["endpoint"], f"reading the quota of bucket {bucket}"):
        found = minio.answer(minio.admin_client(props["endpoint"], key), "bucket_quota_get", bucket, _NO_BUCKET)
    if found is None:
        return None
    size = int(found.get("quota", 0)) / GIB
    return int(size) if size == int(size) else size


class MinioQuota(dynamic.Resource, module="kitchen", name="MinioQuota"):
    """The quota as the engine sees it; use `components.object_store.Bucket`."""

    def __init__(
        self, resource_name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Register the quota; `props` are endpoint, region, bucket and quotaGiB."""
        super().__init__(MinioQuotaProvider(), resource_name, dict(props), opts)


def _minio() -> ModuleType:
    from components.object_store.minio import admin as minio_admin  # noqa: PLC0415 - the provider's process only

    return minio_admin
