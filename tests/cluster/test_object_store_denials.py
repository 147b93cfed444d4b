"""What a consumer's key cannot do, whatever else somebody attaches to its user; and what bucket policies deny."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException
from minio.minioadmin import MinioAdmin

from components.object_store.minio.users import MinioUserProvider
from components.object_store.s3_provider import BucketProvider
from tests.cluster.support.object_store import bucket_inputs, in_provider
from tests.support.minio_server import REGION, MinioServer

BUCKET, OTHER = "deny-lora", "deny-models"
OWN, FOREIGN = "helpdesk-faq/v1/a", "legal/v1/a"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    with MinioServer(tmp_path_factory.mktemp("minio")) as server, in_provider(server):
        for name in (BUCKET, OTHER):
            guards = ["anonymous", "delete-versions"]
            BucketProvider().create(bucket_inputs(server, name, objectLockDays=3, guards=guards))
            for key in (OWN, FOREIGN):
                server.client().put_object(Bucket=name, Key=key, Body=b"x")
        props = {
            "endpoint": server.endpoint,
            "region": REGION,
            "user": "consumer",
            "accessKey": "consumer",
            "bucket": BUCKET,
            "prefixes": ["helpdesk-faq/v1/"],
            "owner": "shelf/test",
            "secretKey": "a-long-secret",
        }
        MinioUserProvider().create(props)
        yield server


def said(call: Callable[[], object]) -> str:
    """The store's code of refusal, or `allowed`."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    except MinioAdminException as error:
        return str(json.loads(str(error).partition("Body: ")[2])["Code"])
    return "allowed"


def s3_calls(client: Any, version: str) -> dict[str, Callable[[], object]]:
    """Calls beyond reading the own prefix, by what they try."""
    own: dict[str, Any] = {"Bucket": BUCKET, "Key": OWN}
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": "2030-01-01T00:00:00Z"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    rule = {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    return {
        "get another prefix": lambda: client.get_object(Bucket=BUCKET, Key=FOREIGN),
        "head another prefix": lambda: client.head_object(Bucket=BUCKET, Key=FOREIGN),
        "list another prefix": lambda: client.list_objects_v2(Bucket=BUCKET, Prefix="legal/"),
        "list the whole bucket": lambda: client.list_objects_v2(Bucket=BUCKET),
        "list versions": lambda: client.list_object_versions(Bucket=BUCKET),
        "list another bucket": lambda: client.list_objects_v2(Bucket=OTHER),
        "get from another bucket": lambda: client.get_object(Bucket=OTHER, Key=OWN),
        "list buckets": client.list_buckets,
        "put": lambda: client.put_object(**own, Body=b"y"),
        "put another key": lambda: client.put_object(Bucket=BUCKET, Key="helpdesk-faq/v1/b", Body=b"y"),
        "copy": lambda: client.copy_object(**own, CopySource=f"{BUCKET}/{OWN}", MetadataDirective="REPLACE"),
        "begin a multipart upload": lambda: client.create_multipart_upload(**own),
        "delete": lambda: client.delete_object(**own),
        "delete a version": lambda: client.delete_object(**own, VersionId=version),
        "bypass retention": lambda: client.delete_object(**own, VersionId=version, BypassGovernanceRetention=True),
        "shorten retention": lambda: client.put_object_retention(
            **own, Retention=retention, BypassGovernanceRetention=True
        ),
        "hold": lambda: client.put_object_legal_hold(**own, LegalHold={"Status": "ON"}),
        "tag an object": lambda: client.put_object_tagging(**own, Tagging={"TagSet": []}),
        "put a bucket policy": lambda: client.put_bucket_policy(Bucket=BUCKET, Policy=policy),
        "delete the bucket policy": lambda: client.delete_bucket_policy(Bucket=BUCKET),
        "suspend versioning": lambda: client.put_bucket_versioning(
            Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"}
        ),
        "expire everything": lambda: client.put_bucket_lifecycle_configuration(
            Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]}
        ),
        "end object lock": lambda: client.put_object_lock_configuration(
            Bucket=BUCKET, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
        ),
        "disown the bucket": lambda: client.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": []}),
        "create a bucket": lambda: client.create_bucket(Bucket="deny-mine"),
        "delete a bucket": lambda: client.delete_bucket(Bucket=OTHER),
    }


def admin_calls(admin: MinioAdmin) -> dict[str, Callable[[], object]]:
    """Calls of MinIO's administration interface."""
    return {
        "list users": admin.user_list,
        "make a user": lambda: admin.user_add("mine", "another-secret"),
        "change its policy": lambda: admin.policy_add("consumer", policy={"Version": "2012-10-17", "Statement": []}),
        "attach a policy": lambda: admin.policy_set("consoleAdmin", user="consumer"),
        "lift a quota": lambda: admin.bucket_quota_clear(BUCKET),
        "server information": admin.info,
        "read policies": admin.policy_list,
    }


def consumer(store: MinioServer) -> tuple[Any, MinioAdmin]:
    key = "consumer", "a-long-secret"
    host = store.endpoint.removeprefix("http://")
    return store.client(*key), MinioAdmin(endpoint=host, credentials=StaticProvider(*key), secure=False)


def test_a_consumer_reads_its_prefix_and_every_other_call_is_denied(store: MinioServer) -> None:
    client, admin = consumer(store)
    version = store.client().head_object(Bucket=BUCKET, Key=OWN)["VersionId"]
    assert client.get_object(Bucket=BUCKET, Key=OWN)["Body"].read() == b"x"
    assert client.list_objects_v2(Bucket=BUCKET, Prefix="helpdesk-faq/v1/")["KeyCount"] == 1
    answers = {what: said(call) for what, call in {**s3_calls(client, version), **admin_calls(admin)}.items()}
    assert len(answers) > 30
    assert {what: code for what, code in answers.items() if code not in ("AccessDenied", "403")} == {}
    assert store.client().get_object(Bucket=BUCKET, Key=OWN, VersionId=version)["Body"].read() == b"x"


def test_nothing_is_changed_even_with_a_wider_policy_attached_by_hand(store: MinioServer) -> None:
    client, admin = consumer(store)
    version = store.client().head_object(Bucket=BUCKET, Key=OWN)["VersionId"]
    reads = {"get another prefix", "head another prefix", "list another prefix", "list the whole bucket"}
    reads |= {"list versions", "list another bucket", "get from another bucket", "list buckets"}
    store.admin().attach_policy(["readwrite", "consoleAdmin"], user="consumer")
    try:
        calls = {what: call for what, call in s3_calls(client, version).items() if what not in reads}
        answers = {what: said(call) for what, call in {**calls, **admin_calls(admin)}.items()}
        assert {what: code for what, code in answers.items() if code != "AccessDenied"} == {}
        assert said(lambda: client.get_object(Bucket=BUCKET, Key=FOREIGN)) == "allowed", "the wider policy is real"
    finally:
        store.admin().detach_policy(["readwrite", "consoleAdmin"], user="consumer")


def test_the_bucket_policy_denies_anonymous_access_that_another_statement_allows(store: MinioServer) -> None:
    client = store.client()
    opened = {
        "Sid": "Opened",
        "Effect": "Allow",
        "Principal": {"AWS": ["*"]},
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{BUCKET}/*"],
    }
    ours = json.loads(client.get_bucket_policy(Bucket=BUCKET)["Policy"])
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        both = {**ours, "Statement": [*ours["Statement"], opened]}
        client.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(both))
        with pytest.raises(urllib.error.HTTPError, match="403"):
            opener.open(f"{store.endpoint}/{BUCKET}/{OWN}")
        client.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({**ours, "Statement": [opened]}))
        assert opener.open(f"{store.endpoint}/{BUCKET}/{OWN}").read() == b"x", "without our statement it would be open"
    finally:
        client.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(ours))


def test_minio_takes_no_notice_of_a_bucket_policy_for_its_users(store: MinioServer) -> None:
    """Why the users' policies deny: if this changes, the bucket policy has become enough."""
    store.admin().user_add("wide", "a-wide-secret")
    store.admin().policy_set("readwrite", user="wide")
    client = store.client()
    statements = json.loads(client.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert [entry["Sid"] for entry in statements] == ["KitchenDenyAnonymous", "KitchenDenyDeleteVersions"]
    version = client.put_object(Bucket=BUCKET, Key="spare", Body=b"x")["VersionId"]
    wide = store.client("wide", "a-wide-secret")
    assert said(lambda: wide.delete_object(Bucket=BUCKET, Key="spare", VersionId=version)) != "allowed"
    bypass = {"VersionId": version, "BypassGovernanceRetention": True}
    assert said(lambda: wide.delete_object(Bucket=BUCKET, Key="spare", **bypass)) == "allowed"
