"""The rendered policy of the deployer's account on a real MinIO: enough for all that the program does to the store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from components.object_store.minio.accounts import accounts
from components.object_store.minio.quota import MinioQuotaProvider
from components.object_store.minio.users import MinioUserProvider
from components.object_store.s3_provider import BucketProvider
from components.object_store.store_client import ACCESS_KEY, SECRET_KEY, ObjectStoreError, s3_client
from tests.cluster.support.object_store import bucket_inputs, in_provider
from tests.support.minio_server import REGION, MinioServer
from tools.identity.store import policy

KEY = ("deployer", "a-deployers-secret")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    """A store with the deployer's account, whose key is in the environment as the provider's process has it."""
    with MinioServer(tmp_path_factory.mktemp("minio")) as server, in_provider(server):
        server.admin().policy_add("kitchen-deployer", policy=policy("dev-", users=True))
        server.admin().user_add(*KEY)
        server.admin().policy_set("kitchen-deployer", user=KEY[0])
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(ACCESS_KEY, KEY[0])
            patch.setenv(SECRET_KEY, KEY[1])
            yield server


def test_buckets_users_and_quotas_are_made_changed_looked_at_and_removed(store: MinioServer) -> None:
    guards = ["anonymous", "delete-versions"]
    inputs = bucket_inputs(store, "dev-audit", objectLockDays=3, guards=guards, expireNoncurrentDays=30)
    made = BucketProvider().create(inputs)
    BucketProvider().update("dev-audit", made.outs or {}, {**inputs, "expireNoncurrentDays": 7})
    assert (BucketProvider().read("dev-audit", {**inputs, "expireNoncurrentDays": 7}).outs or {})["unmanaged"] == []
    user = {
        "endpoint": store.endpoint,
        "region": REGION,
        "user": "consumer",
        "accessKey": "consumer",
        "bucket": "dev-audit",
        "prefixes": ["a/"],
        "owner": "kitchen/dev",
        "secretKey": "a-long-secret",
    }
    outs = MinioUserProvider().create(user).outs or {}
    MinioUserProvider().update("consumer", outs, {**user, "prefixes": ["b/"]})
    assert (MinioUserProvider().read("consumer", {**user, "prefixes": ["b/"]}).outs or {})["drift"] == []
    quota = {"endpoint": store.endpoint, "bucket": "dev-audit", "quotaGiB": 2}
    MinioQuotaProvider().create(quota)
    assert (MinioQuotaProvider().read("dev-audit", quota).outs or {})["quotaGiB"] == 2
    assert set(accounts(store.endpoint, KEY).users) == {"consumer", "deployer"}
    MinioQuotaProvider().delete("dev-audit", quota)
    MinioUserProvider().delete("consumer", user)
    BucketProvider().delete("dev-audit", inputs)
    assert store.client().list_buckets()["Buckets"] == []


def test_it_reads_and_writes_no_object_and_makes_no_bucket_of_another_prefix(store: MinioServer) -> None:
    store.client().create_bucket(Bucket="dev-lora")
    store.client().put_object(Bucket="dev-lora", Key="a", Body=b"x")
    client = s3_client(store.endpoint, REGION, KEY)
    for call in (client.get_object, client.put_object, client.delete_object):
        with pytest.raises(ClientError, match="AccessDenied"):
            call(Bucket="dev-lora", Key="a")
    with pytest.raises(ObjectStoreError, match="failed: 403"):
        BucketProvider().create(bucket_inputs(store, "prod-lora"))
