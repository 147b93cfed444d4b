"""What the store holds under a key, compared with a file: by the store's own SHA256, or by reading the object back.

A store keeps the SHA256 of an object that came in one request. Of one that came in parts it keeps a sum over the sums
of the parts: that proves equal bytes to whoever has the file and knows how large the parts are, and nobody else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ops.sums import sha256
from ops.uploads.reading import CHUNK, AnswerError, chunks

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_SHA256_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class FileSums:
    """Sums of a file: of the whole, hexadecimal; and over the sums of its parts, as stores write it."""

    sha256: str
    of_parts: str


def code_of(error: ClientError) -> str:
    """The store's own code of an error, such as `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", "?"))


def needed(answer: Mapping[str, Any], key: str, where: str) -> Any:
    """What an answer of the store must hold; raise AnswerError."""
    if not answer.get(key):
        raise AnswerError(f"{where}: the store answers without {key}")
    return answer[key]


def encoded(digest: bytes) -> str:
    """A digest as stores write it."""
    return base64.b64encode(digest).decode()


def over_parts(digests: list[bytes]) -> str:
    """The sum that a store keeps of an object in parts, from the SHA256 of each of them."""
    return f"{encoded(hashlib.sha256(b''.join(digests)).digest())}-{len(digests)}"


def file_sums(path: Path, part_bytes: int) -> FileSums:
    """Sums of a file of parts of so many bytes, in one reading; memory does not grow with them."""
    whole = hashlib.sha256()
    digests: list[bytes] = []
    with path.open("rb") as file:
        while True:
            part, left = hashlib.sha256(), part_bytes
            while left and (chunk := file.read(min(CHUNK, left))):
                whole.update(chunk)
                part.update(chunk)
                left -= len(chunk)
            if left == part_bytes and digests:
                break
            digests.append(part.digest())
            if left:
                break
    return FileSums(sha256=whole.hexdigest(), of_parts=over_parts(digests))


def head(client: S3Client, bucket: str, key: str) -> Any | None:
    """What the store says of an object, None where there is none; raise ClientError, for a missing bucket too."""
    try:
        return client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        if code_of(error) not in ("404", "NoSuchKey"):
            raise
    client.head_bucket(Bucket=bucket)
    return None


def of_whole(found: Any) -> str | None:
    """The sha256 sum of a whole object that a store states, hexadecimal; None where it states none of this kind."""
    stated = str(found.get("ChecksumSHA256") or "")
    if found.get("ChecksumType") == "COMPOSITE":
        return None
    try:
        digest = base64.b64decode(stated, validate=True)
    except ValueError:
        return None
    return digest.hex() if len(digest) == _SHA256_BYTES else None


def read_back(client: S3Client, bucket: str, key: str) -> str:
    """The sha256 sum of an object's bytes, all of which are read."""
    digest, size = hashlib.sha256(), client.head_object(Bucket=bucket, Key=key)["ContentLength"]
    for chunk in chunks(client, bucket, key, size):
        digest.update(chunk)
    return digest.hexdigest()


def compared(
    client: S3Client, bucket: str, key: str, found: Any, file: Path, *, known: str | None = None
) -> tuple[str, str]:
    """The sha256 sums of a file, and of the object that `head` found: by the store's word where that proves it.

    `known` is the file's, where it was hashed already.
    """
    if (whole := of_whole(found)) is not None:
        return known or sha256(file), whole
    stored = str(found.get("ChecksumSHA256") or "")
    size = first_part(client, bucket, key) if stored else 0
    sums = file_sums(file, size or CHUNK)
    if size and sums.of_parts == stored:
        return sums.sha256, sums.sha256
    return sums.sha256, read_back(client, bucket, key)


def first_part(client: S3Client, bucket: str, key: str) -> int:
    """Bytes of an object's first part; 0 where the store does not say."""
    try:
        answer = client.head_object(Bucket=bucket, Key=key, PartNumber=1)
    except ClientError:
        return 0
    return int(answer["ContentLength"]) if answer.get("PartsCount") else 0
