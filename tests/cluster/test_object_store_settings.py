"""Guards, quotas, abilities and adoption of buckets against a real MinIO: set, read back, drifted by hand, mended."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from components.facts import ABILITIES
from components.object_store import store_client
from components.object_store.bucket_policy import canonical
from components.object_store.minio.quota import GIB, MinioQuotaProvider
from components.object_store.s3_provider import BucketProvider
from components.object_store.store_client import ObjectStoreError
from tests.cluster.support.object_store import Project, bucket_inputs, in_provider
from tests.support.minio_server import REGION, MinioServer

Inputs = Callable[..., dict[str, Any]]
CALLS = {
    "versioning": ("get_bucket_versioning", "put_bucket_versioning", "list_object_versions"),
    "objectLock": ("get_object_lock_configuration", "put_object_lock_configuration"),
    "lifecycle": (
        "get_bucket_lifecycle_configuration",
        "put_bucket_lifecycle_configuration",
        "delete_bucket_lifecycle",
    ),
    "bucketPolicy": ("get_bucket_policy", "put_bucket_policy", "delete_bucket_policy"),
    "tagging": ("get_bucket_tagging", "put_bucket_tagging"),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    with MinioServer(tmp_path_factory.mktemp("minio")) as server, in_provider(server):
        yield server


@pytest.fixture
def inputs(store: MinioServer) -> Inputs:
    return functools.partial(bucket_inputs, store)


def statements(store: MinioServer, bucket: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(store.client().get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    return found


def foreign(bucket: str) -> dict[str, Any]:
    resource = [f"arn:aws:s3:::{bucket}/public/*"]
    return {"Sid": "Theirs", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource}


@pytest.mark.parametrize("drift", ["removed", "weakened", "opened"])
def test_drift_of_a_bucket_policy_is_found_and_mended(store: MinioServer, inputs: Inputs, drift: str) -> None:
    name = f"policy-{drift}"
    wanted = inputs(name, guards=["anonymous", "delete-versions"])
    first = BucketProvider().create(wanted).outs or {}
    assert BucketProvider().diff(name, first, wanted).changes is False
    ours = statements(store, name)
    match drift:
        case "removed":
            store.client().delete_bucket_policy(Bucket=name)
        case "weakened":
            changed = [{**ours[0], "Action": ["s3:PutObject"]}, *ours[1:]]
            policy = {"Version": "2012-10-17", "Statement": changed}
            store.client().put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
        case "opened":
            policy = {"Version": "2012-10-17", "Statement": [*ours, foreign(name)]}
            store.client().put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    seen = BucketProvider().read(name, first).outs or {}
    assert BucketProvider().diff(name, seen, wanted).changes is True
    assert (BucketProvider().update(name, seen, wanted).outs or {}) == first
    assert canonical(statements(store, name)) == canonical(ours)


def test_a_bucket_that_is_not_closed_keeps_the_statements_of_others(store: MinioServer, inputs: Inputs) -> None:
    wanted = inputs("policy-shared", closed=False)
    first = BucketProvider().create(wanted).outs or {}
    policy = {"Version": "2012-10-17", "Statement": [foreign("policy-shared")]}
    store.client().put_bucket_policy(Bucket="policy-shared", Policy=json.dumps(policy))
    seen = BucketProvider().read("policy-shared", first).outs or {}
    assert seen["guards"] == []
    assert BucketProvider().update("policy-shared", seen, wanted).outs == first
    assert [entry["Sid"] for entry in statements(store, "policy-shared")] == ["Theirs", "KitchenDenyAnonymous"]


def test_a_quota_is_set_read_back_mended_after_drift_and_cleared(store: MinioServer, inputs: Inputs) -> None:
    BucketProvider().create(inputs("quota"))
    wanted = {"endpoint": store.endpoint, "region": REGION, "bucket": "quota", "quotaGiB": 3}
    provider = MinioQuotaProvider()
    first = provider.create(wanted).outs or {}
    assert json.loads(store.admin().bucket_quota_get("quota"))["quota"] == 3 * GIB
    for bytes_by_hand, seen_gib in ((0, 0), (5 * GIB, 5), (GIB // 2, 0.5)):
        store.admin().bucket_quota_set("quota", bytes_by_hand)
        seen = provider.read("quota", first).outs or {}
        assert seen["quotaGiB"] == seen_gib
        assert provider.diff("quota", seen, wanted).changes is True
        provider.update("quota", seen, wanted)
        assert provider.read("quota", first).outs == first
    provider.delete("quota", first)
    assert json.loads(store.admin().bucket_quota_get("quota"))["quota"] == 0
    store.client().delete_bucket(Bucket="quota")
    provider.delete("quota", first)
    assert provider.read("quota", first).id == ""


class Listening:
    """A client that notes the name of every call."""

    def __init__(self, client: Any) -> None:
        self.client, self.called = client, set[str]()

    def __getattr__(self, name: str) -> Any:
        self.called.add(name)
        return getattr(self.client, name)


@pytest.mark.parametrize("lacking", ABILITIES)
def test_what_a_store_lacks_is_never_called(
    store: MinioServer, inputs: Inputs, lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a store that answers NotImplemented: create, read, update and delete without the ability."""
    client = Listening(store.client())
    monkeypatch.setattr(store_client, "s3_client", lambda *_: client)
    name = f"lacks-{lacking.lower()}"
    can = sorted(set(ABILITIES) - {lacking})
    settings: dict[str, Any] = {"abilities": can, "guards": ["anonymous"] if "bucketPolicy" in can else []}
    wanted = inputs(name, versioning="versioning" in can, **settings)
    provider = BucketProvider()
    assert provider.check({}, wanted).failures == []
    first = provider.create(wanted).outs or {}
    assert provider.diff(name, first, wanted).changes is False
    assert provider.read(name, first).outs == first
    assert provider.update(name, first, wanted).outs == first
    provider.delete(name, first)
    assert client.called & set(CALLS[lacking]) == set()
    rest = {call for ability, calls in CALLS.items() if ability != lacking for call in calls if call.startswith("get")}
    assert rest <= client.called, "what the store can do is still used"


def test_without_tags_a_bucket_with_data_is_taken_over_only_when_asked(store: MinioServer, inputs: Inputs) -> None:
    store.client().create_bucket(Bucket="untagged")
    store.client().put_object(Bucket="untagged", Key="a", Body=b"x")
    can = sorted(set(ABILITIES) - {"tagging"})
    with pytest.raises(ObjectStoreError, match="exists already and is not ours"):
        BucketProvider().create(inputs("untagged", abilities=can))
    first = BucketProvider().create(inputs("untagged", abilities=can, adopt=True)).outs or {}
    assert BucketProvider().update("untagged", first, inputs("untagged", abilities=can)).outs
    with pytest.raises(ObjectStoreError, match="not empty"):
        BucketProvider().delete("untagged", first)


def test_adoption_quota_and_policy_through_the_engine(tmp_path: Path, store: MinioServer) -> None:
    """A bucket with data made by hand is refused, then taken over by its name; drift is found and mended."""
    client = store.client()
    client.create_bucket(Bucket="by-hand")
    version = client.put_object(Bucket="by-hand", Key="model", Body=b"weights")["ETag"]
    project = Project(tmp_path / "project", store)
    project.bucket("by-hand")
    refused = project.up()
    assert refused.code != 0
    assert "by its name in kitchen:objectStore.adopt" in refused.text
    project.bucket("by-hand", adopt=True, quota_gib=2)
    taken = project.up()
    assert taken.code == 0, taken.text
    assert client.get_object(Bucket="by-hand", Key="model")["ETag"] == version
    assert client.get_bucket_versioning(Bucket="by-hand")["Status"] == "Enabled"
    assert json.loads(store.admin().bucket_quota_get("by-hand"))["quota"] == 2 * GIB
    client.delete_bucket_policy(Bucket="by-hand")
    store.admin().bucket_quota_clear("by-hand")
    assert project.refresh().changed("updated") == 2
    assert project.up().changed("updated") == 2
    assert json.loads(store.admin().bucket_quota_get("by-hand"))["quota"] == 2 * GIB
    assert [entry["Sid"] for entry in statements(store, "by-hand")] == ["KitchenDenyAnonymous"]
    again = project.run("up", "--yes", "--skip-preview", "--refresh")
    assert not again.changed("updated") + again.changed("created")
    project.said["buckets"].clear()
    kept = project.up()
    assert kept.code != 0
    assert "not deleted: it is not empty" in kept.text
