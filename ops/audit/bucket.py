"""The files of base models and adapters as the bucket has them: sums, sizes, and that there is one version of each."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError
from botocore.parsers import ResponseParserError

from infra.catalog import Adapter, BaseModel, FileSum
from infra.declared import Declared, DeclaredKitchen
from ops.audit.verdicts import (
    NOT_ASKED,
    NOTHING_TO_SEE,
    OUT_OF_REACH,
    Finding,
    Row,
    combined,
    differs,
    not_proven,
    proven,
)
from ops.uploads.held import of_whole
from ops.uploads.reading import AnswerError, chunks

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_TOLD_EVERY_SECONDS = 10
_GONE = ("404", "NoSuchKey")
_ERRORS = (BotoCoreError, ClientError, ResponseParserError, AnswerError)


class Bucket:
    """The store, asked once for each file, however many kitchens use it.

    `full` downloads and hashes every file; `progress` hears one line for each of them, and more for a long one.
    Without a client every answer is `why`, for a reason of `ops.audit.verdicts`.
    """

    def __init__(
        self,
        client: S3Client | None,
        why: str,
        *,
        full: bool,
        progress: Callable[[str], None],
        reason: str = NOT_ASKED,
    ) -> None:
        """Ask nothing yet."""
        self._client = client
        self._why, self._reason = why, reason
        self._full = full
        self._progress = progress
        self._known: dict[tuple[str, str], Finding] = {}
        self._unreachable: Finding | None = None

    def file(self, bucket: str, key: str, file: FileSum) -> Finding:
        """What the store says of a file."""
        if self._client is None:
            return not_proven(self._reason, self._why)
        if (bucket, key) not in self._known:
            self._known[bucket, key] = self._unreachable or self._asked(self._client, bucket, key, file)
        return self._known[bucket, key]

    def small(self, bucket: str, key: str, file: FileSum) -> bytes | Finding:
        """The content of a small file with its sum, or what else the store says of it."""
        if self._client is None:
            return not_proven(self._reason, self._why)
        if self._unreachable is not None:
            return self._unreachable
        try:
            answer = self._client.get_object(Bucket=bucket, Key=key)
            content = answer["Body"].read(file.size_bytes + 1)
        except _ERRORS as error:
            return self._fault(self._client, bucket, key, file, error)
        found = hashlib.sha256(content).hexdigest()
        return content if found == file.sha256 else differs(f"{file.path}: {found[:12]}")

    def _asked(self, client: S3Client, bucket: str, key: str, file: FileSum) -> Finding:
        try:
            head = client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
            content = self._content(client, bucket, key, file, head)
            return combined([content, _versions(client, bucket, key)], content)
        except _ERRORS as error:
            return self._fault(client, bucket, key, file, error)

    def _fault(self, client: S3Client, bucket: str, key: str, file: FileSum, error: Exception) -> Finding:
        """What it means that a question has no answer."""
        if isinstance(error, FlexibleChecksumError):
            return differs(f"{file.path}: not what the store's own sum says")
        if isinstance(error, AnswerError):
            return not_proven(OUT_OF_REACH, str(error))
        if isinstance(error, ClientError):
            code = str(error.response.get("Error", {}).get("Code", "?"))
            if code in _GONE and error.operation_name in ("HeadObject", "GetObject"):
                return _missing(client, bucket, key)
            return not_proven(OUT_OF_REACH, f"{error.operation_name} of {bucket}: {code}")
        # A store that is away stays away for the files after this one: three attempts for each would take minutes.
        self._unreachable = not_proven(OUT_OF_REACH, f"{client.meta.endpoint_url}: {type(error).__name__}")
        return self._unreachable

    def _content(self, client: S3Client, bucket: str, key: str, file: FileSum, head: Any) -> Finding:
        size = head.get("ContentLength")
        if size != file.size_bytes:
            return differs(f"{file.path}: {size} bytes")
        stored = head.get("ChecksumSHA256", "")
        if self._full:
            found = self._hashed(client, bucket, key, head)
        elif (whole := of_whole(head)) is not None:
            found = whole
        else:
            over_parts = "-" in stored or (stored and head.get("ChecksumType") == "COMPOSITE")
            kept = "keeps a sum over the parts" if over_parts else "keeps no SHA256"
            return not_proven(NOTHING_TO_SEE, f"the store {kept} of {file.path}: --full", f"{file.path}: its size")
        how = "hashed" if self._full else "the store's SHA256"
        return proven(how) if found == file.sha256 else differs(f"{file.path}: {found[:12]}")

    def _hashed(self, client: S3Client, bucket: str, key: str, head: Any) -> str:
        digest, done, told = hashlib.sha256(), 0, time.monotonic()
        for chunk in chunks(client, bucket, key, head["ContentLength"], head.get("VersionId")):
            digest.update(chunk)
            done += len(chunk)
            if time.monotonic() - told > _TOLD_EVERY_SECONDS:
                told = time.monotonic()
                self._progress(f"{bucket}/{key}: {done} of {head['ContentLength']} bytes")
        self._progress(f"{bucket}/{key}: {done} bytes hashed")
        return digest.hexdigest()


def bucket_rows(declared: Declared, kitchen: DeclaredKitchen, bucket: Bucket) -> Iterator[Row]:
    """One row for the base model of a kitchen and one for each of its adapters."""
    if declared.base_models_from_bucket:
        model = _artifact(bucket, declared.buckets["models"], "base/", kitchen.base_model)
    else:
        model = not_proven(NOT_ASKED, "base models come from a claim here")
    yield _row(kitchen, f"base model {kitchen.base_model.ref}", kitchen.base_model, model)
    for adapter in kitchen.adapters:
        yield _row(kitchen, f"adapter {adapter.ref}", adapter, _artifact(bucket, declared.buckets["lora"], "", adapter))


def _row(kitchen: DeclaredKitchen, what: str, entry: Adapter | BaseModel, finding: Finding) -> Row:
    sums = ", ".join(f"{file.path} {file.sha256[:12]}" for file in entry.files)
    return Row(kitchen=kitchen.name, what=what, where="bucket", declared=sums, finding=finding)


def _artifact(bucket: Bucket, name: str, folder: str, entry: Adapter | BaseModel) -> Finding:
    findings = [bucket.file(name, f"{folder}{entry.ref}/{file.path}", file) for file in entry.files]
    return combined(findings, not_proven(NOTHING_TO_SEE, "the catalog names no file"))


def _missing(client: S3Client, bucket: str, key: str) -> Finding:
    """A HEAD says 404 for a missing bucket too."""
    try:
        client.head_bucket(Bucket=bucket)
    except _ERRORS:
        return not_proven(OUT_OF_REACH, f"bucket {bucket}")
    return differs(f"{key.rpartition('/')[2]}: missing")


def _versions(client: S3Client, bucket: str, key: str) -> Finding:
    """That nobody wrote the key a second time: a published object is never written again."""
    try:
        pages = client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
        found = [
            entry
            for page in pages
            for kind in ("Versions", "DeleteMarkers")
            for entry in page.get(kind, [])  # type: ignore[attr-defined]  # the two kinds have these keys in common
            if entry["Key"] == key
        ]
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "?"))
        return not_proven(OUT_OF_REACH, f"the versions of {key}: {code}")
    if len(found) == 1:
        return proven("")
    return differs(f"{key.rpartition('/')[2]}: {len(found)} versions")
