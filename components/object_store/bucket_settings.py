"""What the bucket provider does to a store: claim, apply, observe and remove one bucket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from components.facts import ABILITIES
from components.labels import OWNER_TAG
from components.object_store.bucket_policy import document, forged, split
from components.object_store.store_client import ObjectStoreError, error_code

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

RULE_ID = "kitchen-noncurrent"
UPLOADS_RULE_ID = "kitchen-uploads"

_ABSENT = {
    "404",
    "NoSuchBucket",
    "NoSuchTagSet",
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "ObjectLockConfigurationNotFoundError",
}


def exists(client: S3Client, bucket: str) -> bool:
    """Whether the store has the bucket and lets us see it."""
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error_code(error) in _ABSENT:
            return False
        raise
    return True


def can(props: Mapping[str, Any], ability: str) -> bool:
    """Whether the store has an ability; a state of before abilities were told means all of them."""
    return ability in props.get("abilities", ABILITIES)


def claim(client: S3Client, props: Mapping[str, Any], *, known_as_ours: bool = False) -> None:
    """Make the bucket ours: create it, or take over one that is ours by its owner tag.

    An empty bucket without any tag is what a run leaves that was killed between creation and tagging, so it
    is taken over too. Any other is refused, unless `adopt` says that one without an owner may be taken. Where a
    store has no tags, `known_as_ours` is the state's word for it.
    """
    bucket, owner = props["bucket"], props["owner"]
    if not exists(client, bucket):
        _create(client, props)
    tags = _tags(client, bucket) if can(props, "tagging") else {OWNER_TAG: owner} if known_as_ours else {}
    found = tags.get(OWNER_TAG)
    if found not in (None, owner):
        raise ObjectStoreError(
            f"bucket {bucket}: belongs to {found}, not to {owner}; rule: one program owns a bucket; check: "
            f"kitchen:objectStore.bucketPrefix of both stacks, or remove the tag {OWNER_TAG} there first"
        )
    versions = can(props, "versioning")
    if found is None and not props["adopt"] and (tags or first_key(client, bucket, versions=versions) is not None):
        raise ObjectStoreError(
            f"bucket {bucket}: exists already and is not ours (no tag {OWNER_TAG}); rule: nothing is taken "
            f"over unasked; check: kitchen:objectStore.bucketPrefix, or hand the bucket over by its name in "
            f"kitchen:objectStore.adopt or by the tag {OWNER_TAG}={owner}"
        )
    if can(props, "objectLock") and bool(props["objectLockDays"]) != _enabled(_lock(client, bucket)):
        raise ObjectStoreError(
            f"bucket {bucket}: object lock is {'off' if props['objectLockDays'] else 'on'} and cannot be "
            f"changed; rule: object lock is decided when a bucket is created; check: "
            f"kitchen:objectStore.objectLockDays, or move the data to a bucket of another name"
        )


def apply(client: S3Client, props: Mapping[str, Any]) -> None:
    """Set everything that the program says and remove lifecycle rules and policies that it does not say."""
    bucket = props["bucket"]
    if can(props, "tagging"):
        tags = {**props["tags"], OWNER_TAG: props["owner"]}
        tag_set = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
        client.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_set})  # type: ignore[typeddict-item]  # a list of plain mappings
    if props["versioning"]:
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    elif can(props, "versioning") and _versioned(client, bucket):
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    if days := int(props["objectLockDays"]):
        retention = {"Mode": props["objectLockMode"], "Days": days}
        client.put_object_lock_configuration(
            Bucket=bucket,
            ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}},  # type: ignore[typeddict-item]  # a mode is a plain string here
        )
    if rules := _rules(props):
        client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    elif can(props, "lifecycle") and _lifecycle(client, bucket):
        client.delete_bucket_lifecycle(Bucket=bucket)
    if can(props, "bucketPolicy"):
        _apply_policy(client, props)


def observe(client: S3Client, bucket: str, props: Mapping[str, Any]) -> dict[str, Any]:
    """The bucket's real settings under the provider's names; what the store cannot do is off.

    Statements of a bucket policy that are not ours are foreign to a closed bucket only.
    """
    tags = _tags(client, bucket) if can(props, "tagging") else {OWNER_TAG: props["owner"]}
    owner = tags.pop(OWNER_TAG, "")
    lock = _lock(client, bucket) if can(props, "objectLock") else {}
    mode, lock_days = _retention(lock)
    ours, uploads, foreign = 0, 0, []
    for rule in _lifecycle(client, bucket) if can(props, "lifecycle") else []:
        if days := _days(rule, RULE_ID):
            ours = days
        elif "abortUploadsDays" in props and (days := _days(rule, UPLOADS_RULE_ID)):
            uploads = days
        else:
            foreign.append(f"lifecycle rule {rule.get('ID', '?')}")
    policy = _policy(client, bucket) if can(props, "bucketPolicy") else ""
    guards, statements = split(policy, bucket)
    foreign += [f"bucket policy statement {entry['Sid']}, not as we write it" for entry in forged(policy, bucket)]
    if props["closed"]:
        foreign += [f"bucket policy statement {entry.get('Sid') or '?'}" for entry in statements]
    return {
        "bucket": bucket,
        "versioning": can(props, "versioning") and _versioned(client, bucket),
        "objectLock": _enabled(lock),
        "objectLockDays": lock_days,
        "objectLockMode": mode,
        "expireNoncurrentDays": ours,
        **({"abortUploadsDays": uploads} if "abortUploadsDays" in props else {}),
        "tags": tags,
        "owner": owner,
        "guards": guards,
        "unmanaged": foreign,
    }


def remove(client: S3Client, bucket: str, props: Mapping[str, Any]) -> None:
    """Delete the bucket if it is ours and empty; gone already is fine, with data it is refused."""
    if not exists(client, bucket):
        return
    owner = props["owner"]
    found = _tags(client, bucket).get(OWNER_TAG) if can(props, "tagging") else owner
    if found not in (None, owner):
        raise ObjectStoreError(f"bucket {bucket}: not deleted: it belongs to {found}, not to {owner}")
    key = first_key(client, bucket, versions=can(props, "versioning"))
    if key is not None:
        raise ObjectStoreError(
            f"bucket {bucket}: not deleted: it is not empty (first key: {key}; old versions count); rule: "
            f"data is never removed here; check: take the change back, or empty the bucket by hand"
        )
    client.delete_bucket(Bucket=bucket)


def first_key(client: S3Client, bucket: str, *, versions: bool = True) -> str | None:
    """The first key that has an object, an old version or a delete marker; None for an empty bucket."""
    if not versions:
        found = client.list_objects_v2(Bucket=bucket, MaxKeys=1).get("Contents", [])
        return str(found[0].get("Key", "?")) if found else None
    page = client.list_object_versions(Bucket=bucket, MaxKeys=1)
    for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
        return str(entry.get("Key", "?"))
    return None


def _apply_policy(client: S3Client, props: Mapping[str, Any]) -> None:
    """Write our statements; those of others go from a closed bucket and stay in any other."""
    bucket = props["bucket"]
    before = _policy(client, bucket)
    _, foreign = split(before, bucket)
    wanted = document(bucket, props["guards"], [] if props["closed"] else foreign)
    if wanted:
        client.put_bucket_policy(Bucket=bucket, Policy=wanted)
    elif before:
        client.delete_bucket_policy(Bucket=bucket)


def _create(client: S3Client, props: Mapping[str, Any]) -> None:
    request: dict[str, Any] = {"Bucket": props["bucket"]}
    if props["objectLockDays"]:
        request["ObjectLockEnabledForBucket"] = True
    if props["region"] != "us-east-1":
        request["CreateBucketConfiguration"] = {"LocationConstraint": props["region"]}
    try:
        client.create_bucket(**request)
    except ClientError as error:
        if error_code(error) != "BucketAlreadyOwnedByYou":
            raise


def _tags(client: S3Client, bucket: str) -> dict[str, str]:
    try:
        tag_set = client.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if error_code(error) in _ABSENT:
            return {}
        raise
    return {tag["Key"]: tag["Value"] for tag in tag_set}


def _versioned(client: S3Client, bucket: str) -> bool:
    return client.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled"


def _lock(client: S3Client, bucket: str) -> Mapping[str, Any]:
    try:
        return client.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    except ClientError as error:
        if error_code(error) in _ABSENT:
            return {}
        raise


def _enabled(lock: Mapping[str, Any]) -> bool:
    return bool(lock.get("ObjectLockEnabled") == "Enabled")


def _retention(lock: Mapping[str, Any]) -> tuple[str, int]:
    retention = lock.get("Rule", {}).get("DefaultRetention", {})
    days = retention.get("Days") or 365 * retention.get("Years", 0)
    return retention.get("Mode", "GOVERNANCE"), days


def _lifecycle(client: S3Client, bucket: str) -> list[Any]:
    try:
        return list(client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"])
    except ClientError as error:
        if error_code(error) in _ABSENT:
            return []
        raise


_ACTIONS = {
    RULE_ID: ("NoncurrentVersionExpiration", "NoncurrentDays"),
    UPLOADS_RULE_ID: ("AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
}


def _rules(props: Mapping[str, Any]) -> list[Any]:
    """Our lifecycle rules, each for the whole bucket."""
    asked = {RULE_ID: props["expireNoncurrentDays"], UPLOADS_RULE_ID: props.get("abortUploadsDays", 0)}
    return [
        {"ID": name, "Status": "Enabled", "Filter": {"Prefix": ""}, _ACTIONS[name][0]: {_ACTIONS[name][1]: int(days)}}
        for name, days in asked.items()
        if days
    ]


def _days(rule: Mapping[str, Any], name: str) -> int:
    """Days of our own rule of this name as we write it; 0 for any other rule."""
    action, key = _ACTIONS[name]
    scope = rule.get("Prefix") or rule.get("Filter") or {}
    if rule.get("ID") != name or rule.get("Status") != "Enabled":
        return 0
    if set(rule) - {"ID", "Status", "Filter", "Prefix", action} or scope not in ({}, {"Prefix": ""}):
        return 0
    said = rule.get(action, {})
    return int(said.get(key, 0)) if set(said) == {key} else 0


def _policy(client: S3Client, bucket: str) -> str:
    try:
        return client.get_bucket_policy(Bucket=bucket)["Policy"]
    except ClientError as error:
        if error_code(error) in _ABSENT:
            return ""
        raise
