"""Publish artifacts: from a folder into the bucket that servers read, checked against the catalog's sums.

Guaranteed: nothing is uploaded unless every file of every artifact has the catalog's size and sum and no key holds
other content; an object is never overwritten; the store checks each upload's SHA256 again; the file that makes an
artifact complete (its config) comes last. Publishing twice changes nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from infra.catalog import BaseModel, Catalog, FileSum
from infra.faults import MISSING, Fault, FaultsError
from ops.store import ACCESS_KEY, SECRET_KEY, StoreError
from ops.sums import sha256

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MAX_OBJECT_BYTES = 5 * 1024**3
"""Largest object that one request can upload; bigger models come as several safetensors files."""

_LAST = ("adapter_config.json", "config.json")
_OTHER_BYTES = ("BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch")
_CHUNK = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class PublishReport:
    """What was done: keys uploaded, keys that held the same content already, and bytes sent."""

    bucket: str
    uploaded: tuple[str, ...]
    already_there: tuple[str, ...]
    sent_bytes: int


@dataclass(frozen=True, kw_only=True)
class _Item:
    key: str
    source: Path
    file: FileSum


def publish(
    client: S3Client,
    bucket: str,
    catalog: Catalog,
    refs: Sequence[str],
    source: Path | Mapping[str, Path],
    *,
    progress: Callable[[str], None] = lambda line: None,
) -> PublishReport:
    """Upload the artifacts `refs` (adapters or base models) from `source/<ref>/` to `<bucket>/<ref>/<file>`.

    A base model's key is `base/<ref>/<file>`. `source` may also name the folder of each artifact.

    Raise FaultsError with every fault before anything is uploaded, StoreError when the store does not answer.
    """
    items = _items(catalog, refs, source)
    try:
        states = [(item, _remote_sum(client, bucket, item.key)) for item in items]
        _refuse_other_content(bucket, states)
        uploaded: list[_Item] = []
        for item, found in states:
            if found is None and _upload(client, bucket, item):
                uploaded.append(item)
                progress(f"{bucket}/{item.key}: uploaded, {item.file.size_bytes} bytes")
            else:
                progress(f"{bucket}/{item.key}: already there")
    except (BotoCoreError, ClientError) as error:
        raise _store_error(client, bucket, error) from None
    sent = {item.key for item in uploaded}
    return PublishReport(
        bucket=bucket,
        uploaded=tuple(item.key for item in uploaded),
        already_there=tuple(item.key for item in items if item.key not in sent),
        sent_bytes=sum(item.file.size_bytes for item in uploaded),
    )


def _items(catalog: Catalog, refs: Sequence[str], source: Path | Mapping[str, Path]) -> list[_Item]:
    faults: list[Fault] = []
    items: list[_Item] = []
    for ref in dict.fromkeys(refs):
        entry = catalog.adapters.get(ref) or catalog.base_models.get(ref)
        if entry is None:
            known = ", ".join([*catalog.adapters, *catalog.base_models])
            rule = f"must be an artifact of the catalog: {known}"
            faults.append(Fault(path="artifact", value=ref, rule=rule, example=next(iter(catalog.adapters), "")))
            continue
        if entry.state == "retired":
            rule = "a retired artifact is not published"
            faults.append(Fault(path=f"catalog {ref}.state", value=entry.state, rule=rule, example="approved"))
        folder = "base/" if isinstance(entry, BaseModel) else ""
        held = source / ref if isinstance(source, Path) else source[ref]
        files = sorted(entry.files, key=lambda file: (file.path in _LAST, file.path))
        for file in files:
            item = _Item(key=f"{folder}{ref}/{file.path}", source=held / file.path, file=file)
            items.append(item)
            faults += _local_faults(item)
    if faults:
        raise FaultsError("publish", faults)
    return items


def _local_faults(item: _Item) -> list[Fault]:
    path, file = str(item.source), item.file
    try:
        size = item.source.stat().st_size
        if file.size_bytes > MAX_OBJECT_BYTES:
            rule = f"at most {MAX_OBJECT_BYTES} bytes an object"
            return [Fault(path=path, value=size, rule=rule, example="several safetensors files")]
        if size != file.size_bytes:
            rule = "must have the catalog's size in bytes"
            return [Fault(path=path, value=size, rule=rule, example=str(file.size_bytes))]
        found = sha256(item.source)
    except FileNotFoundError:
        rule = "every file of the catalog's entry must be in the folder"
        return [Fault(path=path, value=MISSING, rule=rule, example=item.key)]
    except OSError as error:
        return [Fault(path=path, value=error.strerror, rule="must be a readable file", example=item.key)]
    if found != file.sha256:
        rule = "must have the catalog's sha256 sum"
        return [Fault(path=path, value=found, rule=rule, example=file.sha256)]
    return []


def _refuse_other_content(bucket: str, states: Sequence[tuple[_Item, str | None]]) -> None:
    faults = [
        Fault(
            path=f"{bucket}/{item.key}",
            value=found,
            rule="an object is never overwritten: other content takes a new version",
            example=item.file.sha256,
        )
        for item, found in states
        if found not in (None, item.file.sha256)
    ]
    if faults:
        raise FaultsError("publish", faults)


def _remote_sum(client: S3Client, bucket: str, key: str) -> str | None:
    """The sha256 sum of an object: the store's checksum, or one of the bytes where it has none."""
    try:
        head = client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey"):
            client.head_bucket(Bucket=bucket)
            return None
        raise
    stored = head.get("ChecksumSHA256", "")
    if stored and "-" not in stored:
        return base64.b64decode(stored).hex()
    digest = hashlib.sha256()
    for chunk in client.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _upload(client: S3Client, bucket: str, item: _Item) -> bool:
    """Upload one file; False if someone else put the same content there meanwhile."""
    try:
        with item.source.open("rb") as body:
            client.put_object(
                Bucket=bucket,
                Key=item.key,
                Body=body,
                ChecksumSHA256=base64.b64encode(bytes.fromhex(item.file.sha256)).decode(),
                IfNoneMatch="*",
            )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in ("PreconditionFailed", "ConditionalRequestConflict"):
            raise
        _refuse_other_content(bucket, [(item, _remote_sum(client, bucket, item.key))])
        return False
    return True


def _store_error(client: S3Client, bucket: str, error: BotoCoreError | ClientError) -> StoreError:
    endpoint = client.meta.endpoint_url
    if not isinstance(error, ClientError):
        return StoreError(
            f"object store {endpoint} cannot be reached: bucket {bucket}, 3 attempts of 3 s to connect "
            f"({type(error).__name__}); check: --endpoint, that the store runs, the network, the CA bundle"
        )
    code = str(error.response.get("Error", {}).get("Code", "?"))
    hint = f"check: {ACCESS_KEY} and {SECRET_KEY} and their rights"
    if code in _OTHER_BYTES:
        hint = "the store refused a file whose sum is not the one that was checked: it changes; run the command again"
    elif code in ("404", "NoSuchBucket"):
        hint = "check: bucketPrefix in the settings, and that pulumi up has made the bucket"
    return StoreError(f"object store {endpoint}: bucket {bucket}: {code}; {hint}")
