"""What a store's errors tell to do."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from ops.uploads.errors import store_error
from ops.uploads.reading import AnswerError

URL = "https://store.example.com"


class Client:
    class meta:  # noqa: N801 - as boto3 names it
        endpoint_url = URL


def refused(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "CompleteMultipartUpload")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (EndpointConnectionError(endpoint_url=URL), "cannot be reached"),
        (ConnectionClosedError(endpoint_url=URL), "broke off (ConnectionClosedError); run the command again"),
        (ReadTimeoutError(endpoint_url=URL), "broke off (ReadTimeoutError); run the command again"),
        (ResponseParserError("<html>"), "no answer of a store (ResponseParserError)"),
        (AnswerError("bucket/key: the store answers without ETag"), "without ETag; check: what answers at this"),
        (refused("InternalError", 500), "InternalError; the store could not do it; run the command again"),
        (refused("SlowDown", 503), "SlowDown; the store could not do it"),
        (refused("AccessDenied", 403), "AccessDenied; check: KITCHEN_OBJECT_STORE_ACCESS_KEY"),
        (refused("NoSuchBucket", 404), "check: bucketPrefix"),
        (refused("BadDigest"), "whose sum is not the one that was checked"),
        (refused("InvalidPart"), "another upload of the same object is at work, or has ended this one"),
        (refused("NotImplemented", 501), "does not know CompleteMultipartUpload in this form; check: objectStore.abil"),
    ],
)
def test_an_error_is_one_line_that_says_what_to_do(error: Exception, said: str) -> None:
    line = str(store_error(Client(), "dev-models", error))  # type: ignore[arg-type]
    assert URL in line
    assert said in line
    assert "\n" not in line
