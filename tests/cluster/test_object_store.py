"""The dynamic providers through the real engine against a real MinIO."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.cluster.support.object_store import Project
from tests.support.minio_server import MinioServer

OWNER_TAG = "kitchen.example.com/owner"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    with MinioServer(tmp_path_factory.mktemp("minio")) as server:
        yield server


@pytest.fixture
def project(tmp_path: Path, store: MinioServer) -> Project:
    return Project(tmp_path / "project", store)


def denied(call: object, **arguments: object) -> str:
    try:
        call(**arguments)  # type: ignore[operator]
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "allowed"


def test_life_of_buckets_and_users(project: Project, store: MinioServer) -> None:
    client = store.client()
    project.bucket("life-lora", expire_noncurrent_days=30, tags={"team": "support"})
    project.bucket("life-models", object_lock_days=7)
    project.user("helpdesk-dev-support-lora", "life-lora", ["helpdesk-faq/v1/"])

    made = project.up()
    assert made.code == 0, made.text
    assert client.get_bucket_versioning(Bucket="life-lora")["Status"] == "Enabled"
    retention = client.get_object_lock_configuration(Bucket="life-models")["ObjectLockConfiguration"]["Rule"]
    assert retention["DefaultRetention"] == {"Mode": "GOVERNANCE", "Days": 7}
    tags = client.get_bucket_tagging(Bucket="life-lora")["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {OWNER_TAG: "shelf/test", "team": "support"}

    # Drift of every kind is found by refresh and mended by up; after that there is nothing left to do.
    client.put_bucket_versioning(Bucket="life-lora", VersioningConfiguration={"Status": "Suspended"})
    client.delete_bucket_lifecycle(Bucket="life-lora")
    ours = [{"Key": OWNER_TAG, "Value": "shelf/test"}]
    client.put_bucket_tagging(Bucket="life-lora", Tagging={"TagSet": ours})
    everyone = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},'
        '"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::life-models/*"]}]}'
    )
    client.put_bucket_policy(Bucket="life-models", Policy=everyone)
    client.put_object_lock_configuration(Bucket="life-models", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    assert project.refresh().changed("updated") == 2
    mended = project.up()
    assert mended.code == 0, mended.text
    assert mended.changed("updated") == 2
    assert client.get_bucket_versioning(Bucket="life-lora")["Status"] == "Enabled"
    rules = client.get_bucket_lifecycle_configuration(Bucket="life-lora")["Rules"]
    assert [rule["NoncurrentVersionExpiration"] for rule in rules] == [{"NoncurrentDays": 30}]
    policy = json.loads(client.get_bucket_policy(Bucket="life-models")["Policy"])
    assert [entry["Sid"] for entry in policy["Statement"]] == ["KitchenDenyAnonymous"]
    lock = client.get_object_lock_configuration(Bucket="life-models")["ObjectLockConfiguration"]
    assert lock["Rule"]["DefaultRetention"]["Days"] > 0, "retention that was taken away is put back"
    again = project.run("up", "--yes", "--skip-preview", "--refresh")
    assert again.changed("unchanged") > 0
    assert not again.changed("updated") + again.changed("created")

    # Object lock cannot change while the bucket holds data, and nothing is lost by trying.
    client.put_object(Bucket="life-models", Key="model", Body=b"weights")
    project.bucket("life-models", object_lock_days=0)
    refused = project.up()
    assert refused.code != 0
    assert "bucket life-models: not deleted: it is not empty (first key: model" in refused.text
    assert client.get_object(Bucket="life-models", Key="model")["Body"].read() == b"weights"

    assert "Traceback" not in project.output
    for secret in (store.secret_key, store.access_key):
        assert secret not in project.everything_written()


def test_users_read_their_prefixes_and_nothing_else(project: Project, store: MinioServer) -> None:
    admin = store.client()
    project.bucket("read-lora", protect=True)
    project.user("helpdesk-dev-support-lora", "read-lora", ["helpdesk-faq/v1/"])
    assert project.up().code == 0
    shown = project.run("stack", "output", "--json", "--show-secrets").text
    pair = json.loads(shown)["helpdesk-dev-support-lora"]
    admin.create_bucket(Bucket="read-other")
    for key in ("helpdesk-faq/v1/a", "helpdesk-faq/v10/a", "helpdesk-faq/v2/a", "legal/v1/a"):
        admin.put_object(Bucket="read-lora", Key=key, Body=b"x")
    user = store.client(pair["key"], pair["secret"])

    assert user.get_object(Bucket="read-lora", Key="helpdesk-faq/v1/a")["Body"].read() == b"x"
    assert user.list_objects_v2(Bucket="read-lora", Prefix="helpdesk-faq/v1/")["KeyCount"] == 1
    own = {"Bucket": "read-lora", "Key": "helpdesk-faq/v1/a"}
    calls = {
        "get next version": denied(user.get_object, Bucket="read-lora", Key="helpdesk-faq/v2/a"),
        "get longer name": denied(user.get_object, Bucket="read-lora", Key="helpdesk-faq/v10/a"),
        "get other adapter": denied(user.get_object, Bucket="read-lora", Key="legal/v1/a"),
        "list all": denied(user.list_objects_v2, Bucket="read-lora"),
        "list parent": denied(user.list_objects_v2, Bucket="read-lora", Prefix="helpdesk-faq/"),
        "list longer name": denied(user.list_objects_v2, Bucket="read-lora", Prefix="helpdesk-faq/v10/"),
        "list other bucket": denied(user.list_objects_v2, Bucket="read-other"),
        "put": denied(user.put_object, **own, Body=b"y"),
        "delete": denied(user.delete_object, **own),
        "list buckets": denied(user.list_buckets),
        "policy": denied(user.get_bucket_policy, Bucket="read-lora"),
        "create bucket": denied(user.create_bucket, Bucket="read-mine"),
    }
    assert calls == dict.fromkeys(calls, "AccessDenied")

    other = Project(project.folder.parent / "other", store, stack="prod")
    other.user("helpdesk-dev-support-lora", "read-lora", ["helpdesk-faq/v1/"])
    taken = other.up()
    assert taken.code != 0
    assert "exists already and belongs to shelf/test, not to shelf/prod" in taken.text
    assert pair["secret"] not in project.everything_written().replace(shown, "") + other.everything_written()

    project.said["users"].clear()
    removed = project.up()
    assert removed.code == 0, removed.text
    assert denied(user.get_object, **own) == "InvalidAccessKeyId"

    project.said["buckets"].clear()
    kept = project.up()
    assert kept.code != 0
    assert "protect" in kept.text
    assert admin.get_object(**own)["Body"].read() == b"x"


def test_store_and_credentials_are_needed_by_up_alone_and_missed_clearly(project: Project, tmp_path: Path) -> None:
    with MinioServer(tmp_path / "gone") as gone:
        endpoint = gone.endpoint
    project.bucket("down-lora")
    project.said["buckets"]["down-lora"]["endpoint"] = endpoint
    assert project.run("preview", credentials={}).changed("to create") > 0
    none = project.run("up", "--yes", "--skip-preview", credentials={})
    assert none.code != 0
    assert "KITCHEN_OBJECT_STORE_ACCESS_KEY and KITCHEN_OBJECT_STORE_SECRET_KEY not set" in none.text
    down = project.up()
    assert down.code != 0
    assert f"object store {endpoint} cannot be reached; tried: setting up bucket down-lora, 3 attempts" in down.text
    assert "check: the endpoint in kitchen:objectStore" in down.text
    assert "Traceback" not in project.output
