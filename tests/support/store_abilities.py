"""What a store can do, asked of the server itself: each probe says what it saw, in words for docs/stores.md."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from components.object_store.bucket_policy import statement
from components.object_store.minio.users import read_policy
from tests.support.minio_server import MinioServer
from tests.support.store_server import REGION, StoreServer

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MIB = 1024**2
PART = 5 * MIB
_AT_ONCE = 6


def refused(call: Callable[..., Any], **said: Any) -> str:
    """The code with which a store refuses a call; empty where it does not."""
    try:
        call(**said)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def sum_of(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


@dataclass
class Probe:
    """One store; each question gets buckets of its own."""

    server: StoreServer
    client: S3Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.server.client()

    def bucket(self, *, lock: bool = False) -> str:
        name = f"probe-{secrets.token_hex(6)}"
        said = {"ObjectLockEnabledForBucket": True} if lock else {}
        self.client.create_bucket(Bucket=name, **said)  # type: ignore[arg-type]  # plain mapping
        return name

    # Abilities of a bucket

    def tagging(self) -> bool:
        bucket, tags = self.bucket(), [{"Key": "kitchen.example.com/owner", "Value": "shelf/test"}]
        if refused(self.client.put_bucket_tagging, Bucket=bucket, Tagging={"TagSet": tags}):
            return False
        return self.client.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags

    def versioning(self) -> bool:
        bucket = self.bucket()
        said = {"Bucket": bucket, "VersioningConfiguration": {"Status": "Enabled"}}
        if refused(self.client.put_bucket_versioning, **said):
            return False
        for body in (b"one", b"two"):
            self.client.put_object(Bucket=bucket, Key="a", Body=body)
        self.client.delete_object(Bucket=bucket, Key="a")
        found = self.client.list_object_versions(Bucket=bucket)
        bodies = {
            self.client.get_object(Bucket=bucket, Key="a", VersionId=entry["VersionId"])["Body"].read()
            for entry in found["Versions"]
        }
        return bodies == {b"one", b"two"} and len(found.get("DeleteMarkers", [])) == 1

    def lock(self, mode: str, *, bypass: bool) -> str:
        """How the store answers the administrator who deletes a version under the bucket's default retention."""
        bucket = self.bucket(lock=True)
        rule = {"DefaultRetention": {"Mode": mode, "Days": 1}}
        said = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        self.client.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=said)  # type: ignore[arg-type]
        version = self.client.put_object(Bucket=bucket, Key="a", Body=b"x")["VersionId"]
        more = {"BypassGovernanceRetention": True} if bypass else {}
        return refused(self.client.delete_object, Bucket=bucket, Key="a", VersionId=version, **more)

    def object_lock(self) -> bool:
        """GOVERNANCE as the program sets it: deletion is refused, and allowed to whoever may pass over it."""
        return bool(self.lock("GOVERNANCE", bypass=False))

    def governance_is_passed_over(self) -> bool:
        return not self.lock("GOVERNANCE", bypass=True)

    def compliance(self) -> bool:
        return bool(self.lock("COMPLIANCE", bypass=True))

    def locked_bucket_is_kept(self) -> bool:
        """The bucket itself, while it holds a version that is locked."""
        bucket = self.bucket(lock=True)
        self.client.put_object(Bucket=bucket, Key="a", Body=b"x")
        return bool(refused(self.client.delete_bucket, Bucket=bucket))

    def lifecycle(self) -> bool:
        return self._rule_is_kept({"NoncurrentVersionExpiration": {"NoncurrentDays": 3}})

    def abort_uploads(self) -> bool:
        return self._rule_is_kept({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}})

    def _rule_is_kept(self, action: dict[str, Any]) -> bool:
        bucket = self.bucket(lock=True)
        rule = {"ID": "probe", "Status": "Enabled", "Filter": {"Prefix": ""}, **action}
        put = self.client.put_bucket_lifecycle_configuration
        if refused(put, Bucket=bucket, LifecycleConfiguration={"Rules": [rule]}):
            return False
        (found,) = self.client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        return all(found.get(key) == value for key, value in action.items())

    # Who may do what

    def bucket_policy(self) -> bool:
        """A request without a key is refused by our statements, also where another statement allows it."""
        bucket = self.bucket()
        self.client.put_object(Bucket=bucket, Key="a", Body=b"x")
        nobody = boto3.session.Session().client(
            "s3",
            endpoint_url=self.server.endpoint,
            region_name=REGION,
            config=Config(signature_version=UNSIGNED, s3={"addressing_style": "path"}, proxies={}),
        )
        allow = {"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["s3:GetObject"]}
        allow["Resource"] = [f"arn:aws:s3:::{bucket}/*"]
        if self._policy(bucket, [allow]) or refused(nobody.get_object, Bucket=bucket, Key="a"):
            return False
        denied = [statement(guard, bucket) for guard in self.guards()]
        if self._policy(bucket, [allow, *denied]) or not refused(nobody.get_object, Bucket=bucket, Key="a"):
            return False
        everything = {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]}
        with self.user({"Version": "2012-10-17", "Statement": [everything]}) as client:
            return not refused(client.get_object, Bucket=bucket, Key="a")

    def guards(self) -> list[str]:
        """Our statements against requests without a key, for this store."""
        return ["anonymous"] if isinstance(self.server, MinioServer) else ["anonymous", "without-key"]

    def _policy(self, bucket: str, statements: list[dict[str, Any]]) -> str:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        return refused(self.client.put_bucket_policy, Bucket=bucket, Policy=document)

    def policy_holds_for_users(self) -> bool:
        """A user with every right is refused what the bucket's policy denies to everyone."""
        bucket = self.bucket(lock=True)
        version = self.client.put_object(Bucket=bucket, Key="a", Body=b"x")["VersionId"]
        if self._policy(bucket, [statement("delete-versions", bucket)]):
            return False
        everything = {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]}
        with self.user({"Version": "2012-10-17", "Statement": [everything]}) as client:
            client.put_object(Bucket=bucket, Key="b", Body=b"x")
            return bool(refused(client.delete_object, Bucket=bucket, Key="a", VersionId=version))

    @contextmanager
    def user(self, policy: dict[str, Any]) -> Iterator[S3Client]:
        """A client of a user with a key and a policy of its own, made through the store's interface for that."""
        name, secret = f"u{secrets.token_hex(5)}", secrets.token_hex(16)
        if isinstance(self.server, MinioServer):
            admin = self.server.admin()
            admin.policy_add(name, policy=policy)
            admin.user_add(name, secret)
            admin.policy_set(name, user=name)
            yield self.server.client(name, secret)
            admin.user_remove(name)
            return
        iam = boto3.session.Session().client(
            "iam",
            endpoint_url=self.server.endpoint,
            region_name=REGION,
            aws_access_key_id=self.server.access_key,
            aws_secret_access_key=self.server.secret_key,
            config=Config(proxies={}, retries={"total_max_attempts": 1}),
        )
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
        yield self.server.client(key["AccessKeyId"], key["SecretAccessKey"])
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])

    def users(self) -> bool:
        """Keys of their own that end with the user."""
        bucket = self.bucket()
        self.client.put_object(Bucket=bucket, Key="a", Body=b"x")
        allow = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{bucket}/*"]}
        with self.user({"Version": "2012-10-17", "Statement": [allow]}) as client:
            worked = not refused(client.get_object, Bucket=bucket, Key="a")
        return worked and bool(refused(client.get_object, Bucket=bucket, Key="a"))

    def denials(self) -> bool:
        """Whether a user's own policy can deny what another one would allow."""
        deny = {"Effect": "Deny", "Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::*"]}
        try:
            with self.user({"Version": "2012-10-17", "Statement": [deny]}):
                return True
        except ClientError:
            return False

    def prefixes(self) -> bool:
        return all(self.rights_of_a_reader().values())

    def rights_of_a_reader(self) -> dict[str, bool]:
        """What a user with the policy of our readers may do, and is refused."""
        bucket = self.bucket()
        for key in ("mine/v1/a", "mine/v10/a", "other/v1/a"):
            self.client.put_object(Bucket=bucket, Key=key, Body=b"x")
        policy = {name: value for name, value in read_policy("o", bucket, ["mine/v1/"]).items() if name != "ID"}
        if not isinstance(self.server, MinioServer):
            policy["Statement"] = policy["Statement"][:2]  # the rest denies, which MinIO alone takes of a user
        with self.user(policy) as client:
            return {
                "reads its prefix": not refused(client.get_object, Bucket=bucket, Key="mine/v1/a"),
                "reads nothing else": all(
                    refused(client.get_object, Bucket=bucket, Key=key) for key in ("mine/v10/a", "other/v1/a")
                ),
                "lists its prefix": not refused(client.list_objects_v2, Bucket=bucket, Prefix="mine/v1/"),
                "lists nothing else": all(
                    refused(client.list_objects_v2, Bucket=bucket, **said)
                    for said in ({}, {"Prefix": "other/v1/"}, {"Prefix": "mine/v1"})
                ),
                "changes nothing": all(
                    (
                        refused(client.put_object, Bucket=bucket, Key="mine/v1/a", Body=b"y"),
                        refused(client.delete_object, Bucket=bucket, Key="mine/v1/a"),
                        refused(client.create_bucket, Bucket=f"{bucket}-2"),
                    )
                ),
            }

    # Writing

    def checksums(self) -> bool:
        """Wrong bytes are refused, right ones have their sum: in one request, and in parts."""
        bucket, content = self.bucket(), b"x" * PART
        if not refused(self.client.put_object, Bucket=bucket, Key="a", Body=content, ChecksumSHA256=sum_of(b"")):
            return False
        self.client.put_object(Bucket=bucket, Key="a", Body=content, ChecksumSHA256=sum_of(content))
        head = self.client.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")
        return head.get("ChecksumSHA256") == sum_of(content) and self._sums_of_parts(bucket, content)

    def _sums_of_parts(self, bucket: str, content: bytes) -> bool:
        upload = self.client.create_multipart_upload(Bucket=bucket, Key="b", ChecksumAlgorithm="SHA256")["UploadId"]
        said: dict[str, Any] = {"Bucket": bucket, "Key": "b", "UploadId": upload}
        wrong = {**said, "PartNumber": 1, "Body": content, "ChecksumSHA256": sum_of(b"")}
        if not refused(self.client.upload_part, **wrong):
            return False
        parts = []
        for number, piece in enumerate((content, b"end"), 1):
            tag = self.client.upload_part(
                **{**wrong, "PartNumber": number, "Body": piece, "ChecksumSHA256": sum_of(piece)}
            )
            parts.append({"PartNumber": number, "ETag": tag["ETag"], "ChecksumSHA256": sum_of(piece)})
        self.client.complete_multipart_upload(**said, MultipartUpload={"Parts": parts})  # type: ignore[typeddict-item]
        digests = b"".join(hashlib.sha256(piece).digest() for piece in (content, b"end"))
        head = self.client.head_object(Bucket=bucket, Key="b", ChecksumMode="ENABLED")
        return head.get("ChecksumSHA256") == f"{sum_of(digests)}-2"

    def _upload(self, bucket: str, key: str) -> dict[str, Any]:
        upload = self.client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        said: dict[str, Any] = {"Bucket": bucket, "Key": key, "UploadId": upload}
        tag = self.client.upload_part(**said, PartNumber=1, Body=b"whole")["ETag"]
        return {**said, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": tag}]}}

    def multipart(self) -> bool:
        bucket = self.bucket()
        ended = self._upload(bucket, "a")
        listed = self.client.list_multipart_uploads(Bucket=bucket, Prefix="a").get("Uploads", [])
        self.client.complete_multipart_upload(**ended)
        whole = self.client.get_object(Bucket=bucket, Key="a")["Body"].read() == b"whole"
        return whole and [entry["UploadId"] for entry in listed] == [ended["UploadId"]]

    def conditional_writes(self) -> bool:
        """What is there is not written again, in one request and in parts; of several at once one wins."""
        bucket = self.bucket()
        self.client.put_object(Bucket=bucket, Key="a", Body=b"x")
        once = refused(self.client.put_object, Bucket=bucket, Key="a", Body=b"y", IfNoneMatch="*")
        parts = refused(self.client.complete_multipart_upload, **self._upload(bucket, "a"), IfNoneMatch="*")
        fresh = self.client.put_object(Bucket=bucket, Key="b", Body=b"y", IfNoneMatch="*")
        kept = self.client.get_object(Bucket=bucket, Key="a")["Body"].read() == b"x"
        return bool(once and parts and fresh and kept) and all(self._one_wins(bucket, f"race-{n}") for n in range(5))

    def _one_wins(self, bucket: str, key: str) -> bool:
        start = threading.Barrier(_AT_ONCE)

        def puts(number: int) -> str:
            start.wait()
            return refused(self.client.put_object, Bucket=bucket, Key=key, Body=b"%d" % number, IfNoneMatch="*")

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            codes = list(pool.map(puts, range(_AT_ONCE)))
        held = self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return codes.count("") == 1 and held == b"%d" % codes.index("")

    def ranges(self) -> bool:
        """A download goes on where it was cut off."""
        bucket = self.bucket()
        self.client.put_object(Bucket=bucket, Key="a", Body=b"0123456789")
        return self.client.get_object(Bucket=bucket, Key="a", Range="bytes=4-")["Body"].read() == b"456789"

    def encryption(self) -> bool:
        """SSE-S3 of one object, by a server to which nobody has given a key for that."""
        bucket = self.bucket()
        if refused(self.client.put_object, Bucket=bucket, Key="a", Body=b"x", ServerSideEncryption="AES256"):
            return False
        return self.client.head_object(Bucket=bucket, Key="a").get("ServerSideEncryption") == "AES256"

    def quota(self) -> bool:
        """The most that a bucket holds, through an interface that a program can call."""
        if not isinstance(self.server, MinioServer):
            return False  # SeaweedFS: a command of its shell, which its master looks at from time to time
        bucket = self.bucket()
        self.server.admin().bucket_quota_set(bucket, 1024**3)
        return bool(json.loads(self.server.admin().bucket_quota_get(bucket))["quota"] == 1024**3)
