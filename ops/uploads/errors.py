"""What a store's answers, and their absence, mean to whoever runs the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from ops.store import ACCESS_KEY, SECRET_KEY, StoreError
from ops.uploads.held import code_of
from ops.uploads.reading import AnswerError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

ERRORS = (BotoCoreError, ClientError, ResponseParserError, AnswerError)
"""What calls of a store raise, and what is raised here for answers that are none."""

_OTHER_BYTES = ("BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch")
_AWAY = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError, SSLError)
_AT_ONCE = ("ConditionalRequestConflict", "EntityTooSmall", "InvalidPart", "InvalidPartOrder", "NoSuchUpload")
_AGAIN = "run the command again: it goes on with what the store has"


def store_error(client: S3Client, bucket: str, error: Exception) -> StoreError:
    """One of ERRORS as one line, with what to do about it."""
    where = f"object store {client.meta.endpoint_url}"
    if isinstance(error, _AWAY):
        return StoreError(
            f"{where} cannot be reached: bucket {bucket}, 3 attempts of 3 s to connect "
            f"({type(error).__name__}); check: --endpoint, that the store runs, the network, the CA bundle"
        )
    if isinstance(error, AnswerError):
        return StoreError(f"{where}: {error}; check: what answers at this address, and the store's own log")
    if not isinstance(error, ClientError):
        what = "no answer of a store" if isinstance(error, ResponseParserError) else "broke off"
        return StoreError(f"{where}: bucket {bucket}: {what} ({type(error).__name__}); {_AGAIN}")
    code = code_of(error)
    return StoreError(f"{where}: bucket {bucket}: {code}; {_hint(code, error)}")


def _hint(code: str, error: ClientError) -> str:
    if code in _OTHER_BYTES:
        return "the store refused a file whose sum is not the one that was checked: it changes; run the command again"
    if code in ("404", "NoSuchBucket"):
        return "check: bucketPrefix in the settings, and that pulumi up has made the bucket"
    if code in _AT_ONCE:
        return f"another upload of the same object is at work, or has ended this one; {_AGAIN}"
    if code in ("InvalidArgument", "InvalidRequest", "NotImplemented", "MethodNotAllowed"):
        return f"the store does not know {error.operation_name} in this form; check: objectStore.abilities"
    if code != "AccessDenied" and error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) in (
        429,
        *range(500, 600),
    ):
        return f"the store could not do it; {_AGAIN}; check: its own log"
    return f"check: {ACCESS_KEY} and {SECRET_KEY} and their rights"
