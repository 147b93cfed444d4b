"""The bytes of an object, however often the connection breaks; whoever calls makes a sum of them.

They are asked for by range, so that boto3 compares nothing with the store's own sum: bytes that are not of it are to be
seen as other bytes, and not as a store that is away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CHUNK = 1024 * 1024
ATTEMPTS = 5
"""Times that an answer may break off without a byte more than at the last time."""

_RANGE = re.compile(r"bytes ([0-9]+)-[0-9]+/[0-9*]+")


class AnswerError(Exception):
    """What a store says is not what it must say, or breaks off; `str()` is one line."""


def chunks(client: S3Client, bucket: str, key: str, size: int, version: str | None = None) -> Iterator[bytes]:
    """What the store gives of an object of `size` bytes; raise ClientError, BotoCoreError, AnswerError.

    Fewer bytes are given where the object has fewer, and one more than `size` at most where it has more.
    """
    said: dict[str, Any] = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
    have = failures = 0
    while have < size:
        before, cut = have, None
        try:
            answer = client.get_object(**said, Range=f"bytes={have}-")
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "InvalidRange":
                return
            raise
        found = _RANGE.fullmatch(answer.get("ContentRange", ""))
        again = have - (int(found[1]) if found else 0)
        with closing(answer["Body"]) as body:
            try:
                while chunk := body.read(CHUNK):
                    new, again = chunk[again:], max(0, again - len(chunk))
                    have += len(new)
                    yield new[: len(new) - max(0, have - size - 1)]
                    if have > size:
                        return
            except BotoCoreError as error:
                cut = error
        failures = 0 if have > before else failures + 1
        if cut is None and failures:
            return
        if cut is not None and failures >= ATTEMPTS:
            what = f"broke off at byte {have} of {size} ({type(cut).__name__})"
            raise AnswerError(f"{bucket}/{key}: {what}") from cut
