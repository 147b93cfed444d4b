"""One large file into the store in parts, read once: the sums are made of the bytes that are sent.

Nothing can be seen in the bucket before `complete`, which is for whoever has compared the whole file's sum. The store
checks each part's SHA256. What an interrupted upload has sent stays: the next one reads the file again, compares each
part's sum with the store's and sends what is missing. Once the object is there, every other upload of its key ends.

boto3's own transfer manager takes neither the sums of parts nor a condition on what is there, and never goes on with
what another process has begun; requests, their retries and signatures are boto3's here too.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra.stores import CHECKSUMS, CONDITIONAL_WRITES, MIB, StoreFacts
from ops.uploads.held import code_of, encoded, head, needed, over_parts, read_back
from ops.uploads.reading import AnswerError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PARALLEL = 4
BUFFER_BYTES = 96 * MIB
"""Most of a file that is in memory; a part that is larger alone is in memory alone."""

TELL_SECONDS = 10
OTHER_KIND = ("BadRequest", "InvalidArgument", "InvalidRequest")
"""How stores refuse a part whose sum is of another kind than those of the upload: another tool has begun it."""

LOST = ("EntityTooSmall", "InvalidPart", "InvalidPartOrder")
"""The store has not what it said it had, or another has sent other parts."""

OVERTAKEN = ("NoSuchUpload", "PreconditionFailed", "ConditionalRequestConflict")
"""Somebody else has made the object meanwhile, and ended this upload with it or not."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a file goes."""

    client: S3Client
    bucket: str
    key: str
    store: StoreFacts


@dataclass(frozen=True, kw_only=True)
class Sent:
    """An upload that only lacks its end: the sums of what the store has, and how many bytes were sent this time."""

    place: Place
    upload: str
    parts: list[dict[str, Any]]
    sha256: str
    of_parts: str
    sent_bytes: int


def send(place: Place, file: Path, size: int, tell: Callable[[str], None]) -> Sent:
    """Send what the store does not have of a file; raise ClientError, BotoCoreError, OSError.

    After an error what was sent stays for the next run, or until the store removes it.
    """
    part_bytes = place.store.limits.part_bytes(size)
    if (begun := _begun(place, part_bytes, size)) is not None:
        try:
            return _sent(place, file, size, begun, tell)
        except ClientError as error:
            if code_of(error) not in OTHER_KIND:
                raise
    return _sent(place, file, size, (_new(place), {}), tell)


def _sent(place: Place, file: Path, size: int, begun: _Begun, tell: Callable[[str], None]) -> Sent:
    sender = _Sender(place, *begun, _Told(place, size, tell))
    with file.open("rb") as content:
        return sender.run(content, place.store.limits.part_bytes(size))


def complete(sent: Sent) -> bool:
    """Make the object; False if it is there already, of whatever content. Raise AnswerError for other bytes."""
    place = sent.place
    condition: dict[str, Any] = {"IfNoneMatch": "*"} if place.store.can(CONDITIONAL_WRITES) else {}
    parts: Any = {"Parts": sent.parts}
    try:
        place.client.complete_multipart_upload(
            Bucket=place.bucket, Key=place.key, UploadId=sent.upload, MultipartUpload=parts, **condition
        )
    except ClientError as error:
        if code_of(error) in LOST:
            abandon(sent)
        if code_of(error) not in OVERTAKEN:
            raise
        if (found := head(place.client, place.bucket, place.key)) is None:
            raise
        if found.get("ChecksumSHA256") != sent.of_parts:  # else it is ours: the answer to an earlier attempt was lost
            end_others(place)
            return False
    _refuse_other_bytes(sent)
    end_others(place)
    return True


def abandon(sent: Sent) -> None:
    """End an upload whose content is not what it should be: the store removes its parts."""
    with contextlib.suppress(ClientError):
        sent.place.client.abort_multipart_upload(Bucket=sent.place.bucket, Key=sent.place.key, UploadId=sent.upload)


def end_others(place: Place) -> None:
    """End every upload of a key whose object is there: none of them can become it any more."""
    for upload in _uploads(place):
        with contextlib.suppress(ClientError):
            place.client.abort_multipart_upload(Bucket=place.bucket, Key=place.key, UploadId=upload)


_Begun = tuple[str, dict[int, dict[str, Any]]]
"""An upload, and the parts that the store has of it."""


class _Sender:
    """Reads parts one after another and sends several at a time; the first error ends it."""

    def __init__(self, place: Place, upload: str, known: dict[int, dict[str, Any]], told: _Told) -> None:
        self._place, self._upload, self._known, self._told = place, upload, known, told
        self._whole, self._sent = hashlib.sha256(), 0
        self._lock = threading.Lock()

    def run(self, content: Any, part_bytes: int) -> Sent:
        room = max(1, min(PARALLEL + 1, BUFFER_BYTES // part_bytes))
        jobs: list[Future[tuple[dict[str, Any], bytes]]] = []
        free, failed = threading.Semaphore(room), threading.Event()

        def ended(job: Future[Any]) -> None:
            if not job.cancelled() and job.exception() is not None:
                failed.set()
            free.release()

        with ThreadPoolExecutor(max(1, room - 1)) as pool:
            try:
                while not failed.is_set() and (piece := self._read(content, part_bytes, free)):
                    jobs.append(pool.submit(self._part, len(jobs) + 1, piece))
                    jobs[-1].add_done_callback(ended)
                    self._whole.update(piece)
                done = [job.result() for job in jobs]
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return Sent(
            place=self._place,
            upload=self._upload,
            parts=[part for part, _ in done],
            sha256=self._whole.hexdigest(),
            of_parts=over_parts([digest for _, digest in done]),
            sent_bytes=self._sent,
        )

    @staticmethod
    def _read(content: Any, count: int, free: threading.Semaphore) -> bytes:
        """The next part, once there is room for it in memory."""
        free.acquire()
        return bytes(content.read(count))

    def _part(self, number: int, piece: bytes) -> tuple[dict[str, Any], bytes]:
        digest = hashlib.sha256(piece).digest()
        sums: dict[str, Any] = {"ChecksumSHA256": encoded(digest)} if self._place.store.can(CHECKSUMS) else {}
        known = self._known.get(number)
        if known is not None and _is(known, piece, encoded(digest)):
            tag = needed(known, "ETag", f"{self._place.bucket}/{self._place.key}: part {number}")
        else:
            place = self._place
            answer = place.client.upload_part(
                Bucket=place.bucket, Key=place.key, UploadId=self._upload, PartNumber=number, Body=piece, **sums
            )
            tag = needed(answer, "ETag", f"{place.bucket}/{place.key}: part {number}")
            with self._lock:
                self._sent += len(piece)
        self._told.advance(len(piece))
        return {"PartNumber": number, "ETag": tag, **sums}, digest


class _Told:
    """A line every few seconds."""

    def __init__(self, place: Place, size: int, tell: Callable[[str], None]) -> None:
        self._name, self._size, self._tell = f"{place.bucket}/{place.key}", size, tell
        self._lock, self._done, self._last = threading.Lock(), 0, time.monotonic()

    def advance(self, count: int) -> None:
        with self._lock:
            self._done += count
            if time.monotonic() - self._last < TELL_SECONDS:
                return
            self._last = time.monotonic()
            self._tell(f"{self._name}: {self._done} of {self._size} bytes")


def _is(known: Mapping[str, Any], piece: bytes, sha256: str) -> bool:
    """Whether the store has this part already: by its SHA256, or where a list of parts has none, by its ETag.

    An ETag is no proof; the sum over the parts, or the bytes themselves, are compared once the object is there.
    """
    if stored := known.get("ChecksumSHA256"):
        return bool(stored == sha256)
    return str(known.get("ETag", "")).strip('"') == hashlib.md5(piece, usedforsecurity=False).hexdigest()


def _new(place: Place) -> str:
    said: dict[str, Any] = {"ChecksumAlgorithm": "SHA256"} if place.store.can(CHECKSUMS) else {}
    answer = place.client.create_multipart_upload(Bucket=place.bucket, Key=place.key, **said)
    return str(needed(answer, "UploadId", f"{place.bucket}/{place.key}"))


def _begun(place: Place, part_bytes: int, size: int) -> _Begun | None:
    """The upload of this key that got furthest in parts of our size, and its parts; None for none."""
    best: _Begun | None = None
    for upload in _uploads(place):
        try:
            parts = {part.get("PartNumber", 0): part for part in _parts(place, upload)}
        except ClientError:
            continue
        right = all(
            part.get("Size") == max(0, min(part_bytes, size - (number - 1) * part_bytes))
            for number, part in parts.items()
        )
        if right and parts and (best is None or len(parts) > len(best[1])):
            best = (upload, parts)
    return best


def _uploads(place: Place) -> list[str]:
    pages = place.client.get_paginator("list_multipart_uploads").paginate(Bucket=place.bucket, Prefix=place.key)
    try:
        return [
            entry["UploadId"] for page in pages for entry in page.get("Uploads", []) if entry.get("Key") == place.key
        ]
    except ClientError:
        return []  # whoever may write need not be allowed to list


def _parts(place: Place, upload: str) -> Iterator[Any]:
    pages = place.client.get_paginator("list_parts").paginate(Bucket=place.bucket, Key=place.key, UploadId=upload)
    for page in pages:
        yield from page.get("Parts", [])


def _refuse_other_bytes(sent: Sent) -> None:
    place = sent.place
    where = f"{place.bucket}/{place.key}"
    if (found := head(place.client, place.bucket, place.key)) is None:
        raise AnswerError(f"{where}: the store said that it has made the object, and has none")
    if found.get("ChecksumSHA256") == sent.of_parts:
        return
    if (held := read_back(place.client, place.bucket, place.key)) != sent.sha256:
        raise AnswerError(f"{where}: the store holds {held} now; expected {sent.sha256}")
