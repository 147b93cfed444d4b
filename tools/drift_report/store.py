"""The object store: what is recorded and not so there, and who reaches our buckets without being declared."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from components.labels import OWNER_TAG
from tools.drift.compare import StoreDrift
from tools.drift.recorded import in_store
from tools.drift.store import look_into
from tools.drift_report.buckets import of_minio, settings, statements
from tools.drift_report.findings import Change, Finding, Place, Seen, What
from tools.drift_report.objects import Way
from tools.drift_report.people import OTHERS, Ours, People, undeclared
from tools.identity.store import STORE, STORE_DRIFT, account, looking_policy, policy

_NO_TAGS = ("NoSuchTagSet", "NoSuchBucket", "NotImplemented", "MethodNotAllowed")
"""What a store says of a bucket that has no tags, or that is gone since."""


def of_store(
    resources: Sequence[Mapping[str, Any]],
    *,
    endpoint: str | None,
    key: tuple[str, str] | None,
    prefix: str,
    environment: str,
    way: Way,
) -> Seen:
    """Hold the recorded buckets, users and quotas against the store, and look for who and what is there besides.

    `prefix` begins the names of this environment's buckets, `key` is the administrator's: without it nothing is asked,
    which is told. `endpoint` takes the place of the recorded one.
    """
    entries = in_store(resources)
    if not entries:
        return Seen()
    if key is None:
        names = "KITCHEN_OBJECT_STORE_ACCESS_KEY and KITCHEN_OBJECT_STORE_SECRET_KEY are not set"
        return Seen(unread=[f"the object store, {len(entries)} recorded buckets, users and quotas: {names}"])
    differs, unread = look_into(resources, endpoint=endpoint, key=key)
    seen = Seen(unread=list(unread), findings=[_recorded(row, way) for row in differs])
    identities = {
        account(STORE, environment): policy(prefix, users=True),
        account(STORE_DRIFT, environment): looking_policy(prefix, users=True),
    }
    _beside(entries, endpoint, key, prefix=prefix, identities=identities, seen=seen)
    return seen


def _recorded(row: StoreDrift, way: Way) -> Finding:
    kind, _, name = row.name.rpartition(" ")
    return Finding(
        place=Place.STORE,
        what=What.MISSING if row.gone else What.CHANGED,
        kind=kind,
        name=name,
        changes=tuple(Change(path=what) for what in row.what),
        way=way.command,
    )


def _beside(
    entries: Sequence[Mapping[str, Any]],
    endpoint: str | None,
    key: tuple[str, str],
    *,
    prefix: str,
    identities: Mapping[str, Mapping[str, Any]],
    seen: Seen,
) -> None:
    from components.object_store.bucket_settings import can  # noqa: PLC0415 - as below
    from components.object_store.store_client import ObjectStoreError, calling, s3_client  # noqa: PLC0415 - as below

    buckets = {str(entry["id"]): entry for entry in entries if str(entry["type"]).endswith(":S3Bucket")}
    users = {str(entry["id"]): entry for entry in entries if str(entry["type"]).endswith(":MinioUser")}
    limited = {str(entry["id"]) for entry in entries if str(entry["type"]).endswith(":MinioQuota")}
    where, owners = endpoint or str(_of(entries[0], "endpoint")), {_of(entry, "owner") for entry in buckets.values()}
    region = str(next((_of(entry, "region") for entry in buckets.values()), "us-east-1"))
    ours = Ours(
        buckets=buckets,
        users=users,
        policies={str(_of(user, "user")) for user in users.values()},
        owners=owners,
        accounts=identities,
        own=key[0],
    )
    is_minio = bool(users or limited)
    try:
        client = s3_client(where, region, key)
        with calling(where, "listing buckets"):
            there = [str(one.get("Name")) for one in client.list_buckets().get("Buckets", [])]
            tagged = any(can(entry.get("outputs") or {}, "tagging") for entry in buckets.values())
            strangers = {name: _owner(client, name) if tagged else "" for name in there if name not in buckets}
    except ObjectStoreError as error:
        seen.unread.append(str(error))
    else:
        _strangers(strangers, prefix, owners, seen)
        own = [name for name in there if name in buckets]
        _add(seen, settings(client, where, own))
        lent = [name for name in own if (buckets[name].get("inputs") or {}).get("closed") is False]
        unjudged, unread = statements(client, where, lent)
        seen.unjudged += unjudged
        seen.unread += unread
        if is_minio:
            _add(seen, of_minio(where, region, key, own, limited))
    if is_minio:
        _people(where, key, ours, seen)
    else:
        seen.unasked.append("users and policies of the store: none is recorded, so it need not be a MinIO")


def _people(endpoint: str, key: tuple[str, str], ours: Ours, seen: Seen) -> None:
    from components.object_store.minio.accounts import accounts  # noqa: PLC0415 - MinIO's client is slow to import
    from components.object_store.store_client import ObjectStoreError  # noqa: PLC0415 - as boto3

    try:
        found = accounts(endpoint, key)
    except ObjectStoreError as error:
        seen.unread.append(str(error))
        return
    seen.unread += found.untold
    People(found, ours, seen).tell()


def _add(seen: Seen, found: tuple[list[Finding], list[str]]) -> None:
    seen.findings += found[0]
    seen.unread += found[1]


def _strangers(strangers: Mapping[str, str | None], prefix: str, owners: Collection[Any], seen: Seen) -> None:
    """Tell buckets that bear our prefix or our owner; of `strangers` None stands for tags that are not for us."""
    if sealed := [name for name, owner in strangers.items() if owner is None and not name.startswith(prefix)]:
        seen.unasked.append(f"whether {len(sealed)} buckets of others have our tag: s3:GetBucketTagging is not given")
    for name, owner in strangers.items():
        if name.startswith(prefix) or owner in owners:
            more = f"its tag says {owner}" if owner else ""
            seen.findings.append(undeclared("bucket", name, more, "empty and remove it, or declare it"))
        else:
            seen.known[OTHERS] += 1


def _owner(client: Any, bucket: str) -> str | None:
    """The owner that a bucket's tag names; empty without one, None where tags may not be read. Raises ClientError."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - as boto3

    from components.object_store.store_client import error_code  # noqa: PLC0415 - as boto3

    try:
        tags = client.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if error_code(error) == "AccessDenied":
            return None
        if error_code(error) not in _NO_TAGS:
            raise
        return ""
    return next((str(tag["Value"]) for tag in tags if tag["Key"] == OWNER_TAG), "")


def _of(entry: Mapping[str, Any], name: str) -> Any:
    return (entry.get("outputs") or {}).get(name) or (entry.get("inputs") or {}).get(name)
