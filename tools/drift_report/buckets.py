"""Settings of our buckets that the program never sets: whatever a store has in one of these places is undeclared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.drift_report.findings import Finding, Place, Unjudged, sum_of
from tools.drift_report.people import undeclared

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_THREADS = 8
_WAY = "take it off the bucket"
_LACKING = frozenset({"NotImplemented", "XNotImplemented", "MethodNotAllowed", "501", "405"})
"""How a store answers that has no such setting: then nobody can have set it."""

_Answer = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Setting:
    """One place: the call that reads it, codes of an empty one, and what an answer says in words, if anything."""

    name: str
    call: str
    absent: frozenset[str]
    said: Callable[[_Answer], str]


def _copies(answer: _Answer) -> str:
    rules = (answer.get("ReplicationConfiguration") or {}).get("Rules") or []
    targets = sorted({str((rule.get("Destination") or {}).get("Bucket", "?")).rpartition(":")[2] for rule in rules})
    return f"objects are copied to bucket {', '.join(targets)} of another store" if rules else ""


def _tells(answer: _Answer) -> str:
    count = sum(len(rows) if isinstance(rows, list) else 1 for rows in answer.values())
    return f"{count} targets hear of each change" if count else ""


def _encrypts(answer: _Answer) -> str:
    rules = (answer.get("ServerSideEncryptionConfiguration") or {}).get("Rules") or []
    words = [str((rule.get("ApplyServerSideEncryptionByDefault") or {}).get("SSEAlgorithm", "?")) for rule in rules]
    return f"new objects are encrypted by {', '.join(words)}: without its key nobody reads them" if rules else ""


def _opens(answer: _Answer) -> str:
    owner = (answer.get("Owner") or {}).get("ID")
    grants = [
        grant
        for grant in answer.get("Grants") or []
        if (whom := grant.get("Grantee") or {}).get("URI") or whom.get("ID", owner) != owner
    ]
    return f"{len(grants)} grants to others than its owner" if grants else ""


def _origins(answer: _Answer) -> str:
    return "pages of other origins may read it" if answer.get("CORSRules") else ""


def _site(answer: _Answer) -> str:
    return "it is served as a website" if answer else ""


def _logs(answer: _Answer) -> str:
    target = (answer.get("LoggingEnabled") or {}).get("TargetBucket", "")
    return f"each request is noted in bucket {target}" if target else ""


_SETTINGS = (
    _Setting(
        name="replication",
        call="get_bucket_replication",
        absent=frozenset({"ReplicationConfigurationNotFoundError"}),
        said=_copies,
    ),
    _Setting(name="notification", call="get_bucket_notification_configuration", absent=frozenset(), said=_tells),
    _Setting(
        name="encryption",
        call="get_bucket_encryption",
        absent=frozenset({"ServerSideEncryptionConfigurationNotFoundError"}),
        said=_encrypts,
    ),
    _Setting(name="access list", call="get_bucket_acl", absent=frozenset(), said=_opens),
    _Setting(name="origins", call="get_bucket_cors", absent=frozenset({"NoSuchCORSConfiguration"}), said=_origins),
    _Setting(name="website", call="get_bucket_website", absent=frozenset({"NoSuchWebsiteConfiguration"}), said=_site),
    _Setting(name="access log", call="get_bucket_logging", absent=frozenset(), said=_logs),
)


def settings(client: S3Client, endpoint: str, buckets: Sequence[str]) -> tuple[list[Finding], list[str]]:
    """What somebody has set of these buckets, and sentences on what could not be read, each once."""
    asked = [(bucket, setting) for bucket in buckets for setting in _SETTINGS]
    with ThreadPoolExecutor(_THREADS) as pool:
        told = list(pool.map(lambda one: _read(client, endpoint, *one), asked))
    findings = [
        undeclared(f"{setting.name} of bucket", bucket, answer.said, _WAY)
        for (bucket, setting), answer in zip(asked, told, strict=True)
        if answer.said
    ]
    return findings, list(dict.fromkeys(answer.unread for answer in told if answer.unread))


@dataclass(frozen=True, kw_only=True)
class _Told:
    said: str = ""
    unread: str = ""


def _read(client: S3Client, endpoint: str, bucket: str, setting: _Setting) -> _Told:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - boto3 is slow to import

    from components.object_store.store_client import ObjectStoreError, calling, error_code  # noqa: PLC0415 - as above

    try:
        with calling(endpoint, f"reading the {setting.name} of buckets"):
            try:
                answer = getattr(client, setting.call)(Bucket=bucket)
            except ClientError as error:
                if error_code(error) in setting.absent | _LACKING | {"NoSuchBucket"}:
                    return _Told()
                raise
    except ObjectStoreError as error:
        return _Told(unread=str(error))
    return _Told(said=setting.said({key: value for key, value in answer.items() if key != "ResponseMetadata"}))


def statements(client: S3Client, endpoint: str, buckets: Sequence[str]) -> tuple[list[Unjudged], list[str]]:
    """Statements of others in the policies of buckets to which the platform gives access; what lets anybody is told."""
    from components.object_store.bucket_policy import split  # noqa: PLC0415 - as above
    from components.object_store.store_client import ObjectStoreError  # noqa: PLC0415 - as above

    found, unread = [], []
    for bucket in buckets:
        try:
            text = _policy(client, endpoint, bucket)
        except ObjectStoreError as error:
            unread.append(str(error))
            continue
        found += [_statement(bucket, one) for one in split(text, bucket)[1]]
    return found, unread


def _policy(client: S3Client, endpoint: str, bucket: str) -> str:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - as above

    from components.object_store.store_client import calling, error_code  # noqa: PLC0415 - as above

    with calling(endpoint, f"reading the policy of bucket {bucket}"):
        try:
            return client.get_bucket_policy(Bucket=bucket)["Policy"]
        except ClientError as error:
            if error_code(error) in _LACKING | {"NoSuchBucketPolicy", "NoSuchBucket"}:
                return ""
            raise


def _statement(bucket: str, one: Mapping[str, Any]) -> Unjudged:
    from components.object_store.bucket_policy import canonical  # noqa: PLC0415 - as above

    said = canonical(one)
    allows = one.get("Effect") == "Allow"
    is_open = allows and said.get("Principal") == {"AWS": ["*"]} and not one.get("Condition")
    why = f"{'anybody' if is_open else 'somebody'} is {'allowed' if allows else 'denied'} {_words(one)}"
    return Unjudged(
        place=Place.STORE,
        kind="statement of bucket",
        name=f"{bucket}: {one.get('Sid') or '?'}",
        why=why,
        sum=sum_of(said),
        is_told=is_open,
        way="take it out of the bucket's policy",
    )


def _words(one: Mapping[str, Any]) -> str:
    actions = one.get("Action") or one.get("NotAction") or []
    return ", ".join(map(str, actions if isinstance(actions, list) else [actions]))


def of_minio(
    endpoint: str, region: str, key: tuple[str, str], buckets: Sequence[str], limited: Collection[str]
) -> tuple[list[Finding], list[str]]:
    """What MinIO has beside the S3 API: folders without old versions, and quotas of buckets that have none declared."""
    from components.object_store.minio.quota import seen  # noqa: PLC0415 - as boto3
    from components.object_store.minio.versions import unversioned  # noqa: PLC0415 - as boto3
    from components.object_store.store_client import ObjectStoreError  # noqa: PLC0415 - as boto3

    def one(bucket: str) -> list[Finding] | str:
        found = []
        try:
            if words := unversioned(endpoint, region, key, bucket):
                more = f"no old versions are kept of {', '.join(words)}"
                found.append(undeclared("exemption of bucket", bucket, more, _WAY))
            if bucket not in limited and (size := seen(bucket, {"endpoint": endpoint}, key)):
                found.append(undeclared("quota of bucket", bucket, f"no more than {size:g} GiB", _WAY))
        except ObjectStoreError as error:
            return str(error)
        return found

    with ThreadPoolExecutor(_THREADS) as pool:
        told = list(pool.map(one, buckets))
    findings = [finding for found in told if not isinstance(found, str) for finding in found]
    return findings, list(dict.fromkeys(found for found in told if isinstance(found, str)))
