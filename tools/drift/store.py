"""Buckets, users and quotas held against the state, by the code that the providers have for a refresh."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tools.drift.compare import StoreDrift
from tools.drift.recorded import in_store

Props = Mapping[str, Any]
_Key = tuple[str, str] | None
_Seen = Sequence[str] | None
"""What differs; None where it is not there."""

_THREADS = 8


def look_into(
    resources: Iterable[Mapping[str, Any]], *, endpoint: str | None = None, key: tuple[str, str] | None = None
) -> tuple[list[StoreDrift], list[str]]:
    """What is gone or set otherwise than recorded, and sentences on what was not compared; each is read once.

    `key` is the administrator's, instead of that of the environment; `endpoint` takes the place of the recorded one.
    The secret keys of users are not tried: only the engine can open them.
    """
    entries = in_store(resources)
    if not entries:
        return [], []
    # boto3 and the engine's classes take most of a second to import, and a state without buckets needs none of them.
    from components.object_store.store_client import ObjectStoreError  # noqa: PLC0415

    def one(entry: Mapping[str, Any]) -> StoreDrift | str | None:
        kind = str(entry["type"]).rpartition(":")[2]
        name = f"{_NAMES[kind]} {entry['id']}"
        props = {**(entry.get("outputs") or {}), **({"endpoint": endpoint} if endpoint else {})}
        try:
            what = _SEEN[kind](str(entry["id"]), props, entry.get("inputs") or {}, key)
        except ObjectStoreError as error:
            return f"{name}: {error}"
        return StoreDrift(urn=entry["urn"], name=name, what=what or ()) if what is None or what else None

    with ThreadPoolExecutor(_THREADS) as pool:
        found = list(pool.map(one, entries))
    return [row for row in found if isinstance(row, StoreDrift)], _once([row for row in found if isinstance(row, str)])


def _bucket(id_: str, props: Props, inputs: Props, key: _Key) -> _Seen:
    from components.object_store import bucket_settings, store_client  # noqa: PLC0415

    client = store_client.s3_client(props["endpoint"], props["region"], key)
    with store_client.calling(props["endpoint"], f"reading bucket {id_}"):
        if not bucket_settings.exists(client, id_):
            return None
        live = bucket_settings.observe(client, id_, props)
    changed = [name for name, value in live.items() if name in inputs and inputs[name] != value]
    if not inputs.get("objectLockDays"):
        changed = [name for name in changed if name != "objectLockMode"]
    return [*changed, *live["unmanaged"]]


def _user(id_: str, props: Props, inputs: Props, key: _Key) -> _Seen:
    from components.object_store.minio import users  # noqa: PLC0415

    return users.seen(id_, props, key)


def _quota(id_: str, props: Props, inputs: Props, key: _Key) -> _Seen:
    from components.object_store.minio import quota  # noqa: PLC0415

    found = quota.seen(id_, props, key)
    return None if found is None else ["quotaGiB"] if found != inputs.get("quotaGiB") else []


def _once(lines: Sequence[str]) -> list[str]:
    """A store that does not answer is told once, with how many it was asked for."""
    if len(lines) < 2:
        return list(lines)
    return [f"{lines[0]} (and {len(lines) - 1} more of the store)"]


_NAMES = {"S3Bucket": "bucket", "MinioUser": "user of the store", "MinioQuota": "quota of bucket"}
_SEEN: Mapping[str, Callable[[str, Props, Props, _Key], _Seen]] = {
    "S3Bucket": _bucket,
    "MinioUser": _user,
    "MinioQuota": _quota,
}
