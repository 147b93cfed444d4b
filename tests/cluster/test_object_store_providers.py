"""The dynamic providers against a real MinIO and a real SeaweedFS, each test in the place of the provider's process."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from components.object_store.minio.users import MinioUserProvider, read_policy
from components.object_store.s3_provider import BucketProvider
from components.object_store.store_client import ObjectStoreError
from tests.cluster.support.object_store import bucket_inputs, in_provider
from tests.support.minio_server import MinioServer
from tests.support.seaweed_server import SeaweedServer
from tests.support.store_server import REGION, StoreServer

Inputs = Callable[..., dict[str, Any]]
OWNER_TAG = "kitchen.example.com/owner"


@pytest.fixture(scope="module", params=[MinioServer, SeaweedServer], ids=lambda kind: kind.NAME)
def store(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[StoreServer]:
    with request.param(tmp_path_factory.mktemp("store")) as server:
        yield server


@pytest.fixture(scope="module")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    with MinioServer(tmp_path_factory.mktemp("minio")) as server:
        yield server


@pytest.fixture
def in_process(store: StoreServer) -> Iterator[None]:
    with in_provider(store):
        yield


@pytest.fixture
def inputs(store: StoreServer, in_process: None) -> Inputs:
    return functools.partial(bucket_inputs, store)


@pytest.fixture
def user(minio: MinioServer) -> Iterator[dict[str, object]]:
    """A user that its provider made, as the engine would keep it."""
    if "drift-lora" not in {bucket["Name"] for bucket in minio.client().list_buckets()["Buckets"]}:
        minio.client().create_bucket(Bucket="drift-lora")
    props = {
        "endpoint": minio.endpoint,
        "region": REGION,
        "user": "drift-user",
        "accessKey": "drift-user",
        "bucket": "drift-lora",
        "prefixes": ["a/v1/", "b/v1/"],
        "owner": "shelf/test",
        "secretKey": "the-right-secret",
    }
    with in_provider(minio):
        outputs = MinioUserProvider().create(props).outs
        assert outputs is not None
        yield outputs


@pytest.mark.parametrize("change", ["secret key", "policy", "attached policies", "status"])
def test_every_drift_of_a_user_is_found_and_mended(minio: MinioServer, user: dict[str, object], change: str) -> None:
    provider = MinioUserProvider()
    assert provider.read("drift-user", user).outs == user
    match change:
        case "secret key":
            minio.admin().user_add("drift-user", "another-secret")
        case "policy":
            minio.admin().policy_add("drift-user", policy=read_policy("shelf/test", "drift-lora", ["a", "b", "c"]))
        case "attached policies":
            minio.admin().policy_set("readwrite", user="drift-user")
        case "status":
            minio.admin().user_disable("drift-user")
    seen = provider.read("drift-user", user).outs
    assert seen is not None
    assert change in seen["drift"]
    assert provider.diff("drift-user", seen, user).changes
    provider.update("drift-user", seen, user)
    assert provider.read("drift-user", user).outs == user
    provider.delete("drift-user", user)
    provider.delete("drift-user", user)
    assert provider.read("drift-user", user).id == ""


def owner_of(store: StoreServer, bucket: str) -> str | None:
    try:
        tags = store.client().get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError:
        return None
    return {tag["Key"]: tag["Value"] for tag in tags}.get(OWNER_TAG)


def left_over(store: StoreServer, bucket: str, owner: str | None, *, data: bool = True) -> None:
    client = store.client()
    client.create_bucket(Bucket=bucket)
    if owner:
        tags = [{"Key": OWNER_TAG, "Value": owner}]
        client.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    if data:
        client.put_object(Bucket=bucket, Key="a", Body=b"x")


@pytest.mark.parametrize(
    ("name", "owner", "adopt"),
    [
        ("claim-tagged", "shelf/test", False),
        ("claim-not-yet-tagged", None, False),
        ("claim-adopted", None, True),
    ],
)
def test_what_a_killed_run_left_is_taken_over_with_its_data(
    store: StoreServer, inputs: Inputs, name: str, owner: str | None, adopt: bool
) -> None:
    data = bool(owner) or adopt
    left_over(store, name, owner, data=data)
    outputs = BucketProvider().create(inputs(name, adopt=adopt, versioning=True)).outs
    assert outputs is not None
    assert BucketProvider().diff(name, outputs, inputs(name, adopt=adopt)).changes is False
    assert owner_of(store, name) == "shelf/test"
    assert store.client().list_objects_v2(Bucket=name)["KeyCount"] == int(data)


@pytest.mark.parametrize(
    ("owner", "settings", "rule"),
    [
        ("shelf/prod", {}, "belongs to shelf/prod, not to shelf/test"),
        ("shelf/prod", {"adopt": True}, "belongs to shelf/prod, not to shelf/test"),
        (None, {}, "exists already and is not ours"),
        ("shelf/test", {"objectLockDays": 3}, "object lock is off and cannot be changed"),
    ],
)
def test_what_is_not_ours_is_refused_and_untouched(
    store: StoreServer, inputs: Inputs, owner: str | None, settings: dict[str, Any], rule: str
) -> None:
    name = f"refused-{len(store.client().list_buckets()['Buckets'])}"
    left_over(store, name, owner)
    with pytest.raises(ObjectStoreError, match=f"bucket {name}: {rule}"):
        BucketProvider().create(inputs(name, **settings))
    assert owner_of(store, name) == owner
    assert "Status" not in store.client().get_bucket_versioning(Bucket=name)


def test_a_bucket_that_went_to_another_owner_is_not_deleted(store: StoreServer, inputs: Inputs) -> None:
    left_over(store, "gone-over", "shelf/prod", data=False)
    with pytest.raises(ObjectStoreError, match="not deleted: it belongs to shelf/prod"):
        BucketProvider().delete("gone-over", inputs("gone-over"))
    BucketProvider().delete("never-was", inputs("never-was"))
    assert BucketProvider().read("never-was", inputs("never-was")).id == ""


def test_a_bucket_that_vanished_is_made_again(store: StoreServer, inputs: Inputs) -> None:
    wanted = inputs("vanished", objectLockDays=3, tags={"a": "b"})
    first = BucketProvider().create(wanted).outs
    store.client().delete_bucket(Bucket="vanished")
    assert BucketProvider().update("vanished", first or {}, wanted).outs == first


def test_a_bucket_with_only_a_delete_marker_is_not_deleted(store: StoreServer, inputs: Inputs) -> None:
    BucketProvider().create(inputs("marked"))
    client = store.client()
    version = client.put_object(Bucket="marked", Key="a", Body=b"x")["VersionId"]
    marker = client.delete_object(Bucket="marked", Key="a")["VersionId"]
    client.delete_object(Bucket="marked", Key="a", VersionId=version)
    with pytest.raises(ObjectStoreError, match=r"bucket marked: not deleted: it is not empty \(first key: a"):
        BucketProvider().delete("marked", inputs("marked"))
    client.delete_object(Bucket="marked", Key="a", VersionId=marker)
    BucketProvider().delete("marked", inputs("marked"))
    assert BucketProvider().read("marked", inputs("marked")).id == ""


def test_retention_is_lengthened_in_place(store: StoreServer, inputs: Inputs) -> None:
    first = BucketProvider().create(inputs("retained", objectLockDays=3)).outs or {}
    wanted = inputs("retained", objectLockDays=9, objectLockMode="COMPLIANCE")
    assert BucketProvider().diff("retained", first, wanted).replaces == []
    seen = BucketProvider().update("retained", first, wanted).outs or {}
    assert (seen["objectLockDays"], seen["objectLockMode"]) == (9, "COMPLIANCE")


def test_wrong_credentials_are_told_without_showing_them(
    store: StoreServer, inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITCHEN_OBJECT_STORE_SECRET_KEY", "canary-secret")
    with pytest.raises(ObjectStoreError, match="check: KITCHEN_OBJECT_STORE_ACCESS_KEY") as caught:
        BucketProvider().create(inputs("wrong-keys"))
    assert "canary-secret" not in str(caught.value)
    assert store.access_key not in str(caught.value)


def test_what_the_program_says_stays_as_it_is(store: StoreServer, inputs: Inputs) -> None:
    """A store writes policies, rules and retentions in its own way; a refresh must not see a change in that."""
    wanted = inputs(
        "everything",
        objectLockDays=3,
        expireNoncurrentDays=30,
        tags={"a": "b"},
        guards=sorted([*inputs("x")["guards"], "delete-versions"]),
    )
    outputs = BucketProvider().create(wanted).outs or {}
    seen = BucketProvider().read("everything", outputs).outs or {}
    assert {name: seen[name] for name in wanted} == wanted
    assert (seen["unmanaged"], seen) == ([], outputs)
    assert BucketProvider().diff("everything", seen, wanted).changes is False
    store.client().put_bucket_lifecycle_configuration(
        Bucket="everything",
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "foreign",
                    "Status": "Enabled",
                    "Filter": {"Prefix": "x/"},
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
                }
            ]
        },
    )
    store.client().delete_bucket_policy(Bucket="everything")
    drifted = BucketProvider().read("everything", outputs).outs or {}
    assert (drifted["unmanaged"], drifted["guards"], drifted["expireNoncurrentDays"]) == (
        ["lifecycle rule foreign"],
        [],
        0,
    )
    assert BucketProvider().diff("everything", drifted, wanted).changes
    assert BucketProvider().update("everything", drifted, wanted).outs == outputs
