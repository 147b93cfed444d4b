"""Check, diff and the pure parts of the object store's providers, and the components over Pulumi's mocks."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, rpc

from components.facts import PLACEHOLDER
from components.object_store import Bucket, BucketAccess, BucketAccessArgs, BucketArgs, provider, s3_provider
from components.object_store.minio import users as minio_users

BUCKET: dict[str, Any] = {
    "endpoint": "https://minio.example.com",
    "region": "us-east-1",
    "bucket": "dev-lora",
    "versioning": True,
    "objectLockDays": 0,
    "objectLockMode": "GOVERNANCE",
    "expireNoncurrentDays": 0,
    "tags": {},
    "owner": "kitchen/dev",
    "adopt": False,
    "closed": True,
    "guards": ["anonymous"],
    "abilities": ["bucketPolicy", "lifecycle", "objectLock", "tagging", "versioning"],
}
USER: dict[str, Any] = {
    "endpoint": "https://minio.example.com",
    "region": "us-east-1",
    "user": "helpdesk-dev-support-lora",
    "accessKey": "helpdesk-dev",
    "bucket": "dev-lora",
    "prefixes": ["helpdesk-faq/v2026-02-01/"],
    "owner": "kitchen/dev",
    "secretKey": "a-long-secret",
}
BUCKETS, USERS = s3_provider.BucketProvider(), minio_users.MinioUserProvider()


def faults(provider: Any, props: dict[str, Any]) -> dict[str, str]:
    return {failure.property: failure.reason for failure in provider.check({}, props).failures}


def test_good_settings_pass_and_unknown_values_too() -> None:
    assert faults(BUCKETS, BUCKET) == {}
    assert faults(USERS, USER) == {}
    assert faults(BUCKETS, BUCKET | {"endpoint": rpc.UNKNOWN, "bucket": rpc.UNKNOWN}) == {}
    assert faults(USERS, USER | {"secretKey": rpc.UNKNOWN}) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("endpoint", "minio.example.com"),
        ("endpoint", "https://user:canary@minio.example.com"),
        ("endpoint", "https://minio.example.com/path"),
        ("endpoint", "http://127.0.0.1:port"),
        ("region", ""),
        ("bucket", "Dev_Lora"),
        ("bucket", "ab"),
        ("bucket", "a" * 64),
        ("objectLockDays", -1),
        ("expireNoncurrentDays", 1.5),
        ("objectLockMode", "NONE"),
        ("tags", {"kitchen.example.com/owner": "me"}),
    ],
)
def test_bad_bucket_settings_are_refused_by_name(name: str, value: object) -> None:
    found = faults(BUCKETS, BUCKET | {name: value})
    assert list(found) == [name]
    assert "canary" not in found[name]


def test_all_faults_of_a_bucket_are_told_at_once() -> None:
    wrong = {"endpoint": "x", "bucket": "X", "objectLockDays": 3, "versioning": False}
    assert set(faults(BUCKETS, BUCKET | wrong)) == {"endpoint", "bucket", "versioning"}


@pytest.mark.parametrize("prefix", ["*", "a*", "", "/a", "../a", "a//b", "${aws:username}/", "a?", "a/*"])
def test_a_prefix_that_would_read_more_is_refused(prefix: str) -> None:
    assert "prefixes" in faults(USERS, USER | {"prefixes": [prefix]})


def test_a_key_that_minio_would_refuse_is_refused_without_showing_it() -> None:
    found = faults(USERS, USER | {"secretKey": "canary", "accessKey": "x" * 21, "prefixes": []})
    assert set(found) == {"secretKey", "accessKey", "prefixes"}
    assert "canary" not in str(found)


def test_nothing_changed_is_no_change() -> None:
    seen = {**BUCKET, "unmanaged": [], "__provider": "x"}
    assert BUCKETS.diff("dev-lora", seen, BUCKET).changes is False
    made = {**USER, "drift": [], "policySha256": minio_users.policy_sum(USER)}
    assert USERS.diff("u", made, USER).changes is False
    assert USERS.diff("u", {**made, "policySha256": "of an earlier release"}, USER).changes is True


@pytest.mark.parametrize(
    "drift",
    [
        {"versioning": False},
        {"expireNoncurrentDays": 3},
        {"tags": {"a": "b"}},
        {"owner": ""},
        {"unmanaged": ["bucket policy of 1 statements"]},
    ],
)
def test_drift_is_a_change_in_place(drift: dict[str, Any]) -> None:
    diff = BUCKETS.diff("dev-lora", {**BUCKET, **drift}, BUCKET)
    assert (diff.changes, diff.replaces) == (True, [])


def test_object_lock_switches_by_replacement_and_the_old_bucket_goes_first() -> None:
    for old, new in ((0, 30), (30, 0)):
        diff = BUCKETS.diff("x", BUCKET | {"objectLockDays": old}, BUCKET | {"objectLockDays": new})
        assert (diff.replaces, diff.delete_before_replace) == (["objectLockDays"], True)
    longer = BUCKETS.diff("x", BUCKET | {"objectLockDays": 30}, BUCKET | {"objectLockDays": 60})
    assert (longer.changes, longer.replaces) == (True, [])


def test_another_name_is_another_bucket() -> None:
    diff = BUCKETS.diff("x", BUCKET, BUCKET | {"bucket": "prod-lora", "objectLockDays": 30})
    assert (diff.replaces, diff.delete_before_replace) == (["bucket", "objectLockDays"], False)


def test_an_access_key_fits_minio_and_tells_users_apart() -> None:
    names = ["helpdesk-dev-support-lora", "helpdesk-dev-summary-lora", "short", "x" * 20, "x" * 21]
    keys = [minio_users.access_key(name) for name in names]
    assert all(3 <= len(key) <= minio_users.MAX_ACCESS_KEY for key in keys)
    assert len(set(keys)) == len(names)
    assert keys[2:4] == names[2:4]


def test_the_read_policy_names_prefixes_only() -> None:
    policy = minio_users.read_policy("kitchen/dev", "dev-lora", ["b/v1/", "a/v1"])
    read, listing, changes, administration = policy["Statement"]
    assert read["Action"] == ["s3:GetObject"]
    assert read["Resource"] == ["arn:aws:s3:::dev-lora/a/v1/*", "arn:aws:s3:::dev-lora/b/v1/*"]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["a/v1/*", "b/v1/*"]}}
    assert changes["Effect"] == administration["Effect"] == "Deny"
    assert {"s3:DeleteObjectVersion", "s3:BypassGovernanceRetention", "s3:PutBucketPolicy"} <= set(changes["Action"])
    assert not {action for action in changes["Action"] if "*" in action or ":Get" in action or ":List" in action}


def test_the_write_policy_puts_below_its_prefix_and_reads_nothing() -> None:
    policy = minio_users.write_policy("kitchen/dev", "dev-audit", ["calls/"])
    puts, changes, reading, administration = policy["Statement"]
    assert (puts["Effect"], puts["Resource"]) == ("Allow", ["arn:aws:s3:::dev-audit/calls/*"])
    assert puts["Action"] == ["s3:AbortMultipartUpload", "s3:PutObject"]
    assert changes["Effect"] == reading["Effect"] == administration["Effect"] == "Deny"
    assert {"s3:DeleteObjectVersion", "s3:PutObjectRetention", "s3:BypassGovernanceRetention"} <= set(changes["Action"])
    assert not set(puts["Action"]) & set(changes["Action"])


def test_who_writes_is_said_by_the_input_alone() -> None:
    props = {"owner": "kitchen/dev", "bucket": "dev-audit", "prefixes": ["calls/"]}
    assert minio_users.policy_of(props) == minio_users.read_policy(*props.values())
    assert minio_users.policy_of({**props, "writes": True}) == minio_users.write_policy(*props.values())
    assert "writes" in minio_users._COMPARED


def test_declaring_buckets_loads_neither_boto3_nor_minio() -> None:
    code = "import sys, components.object_store.buckets; print([m for m in ('boto3', 'minio') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_providers_process_loads_little() -> None:
    """Each preview waits for it: what only the program needs must not come along."""
    code = (
        "import sys, components.s3_provider, components.minio_users, components.minio_quota; "
        "heavy = ('boto3', 'minio', 'pulumi_random', 'components.tenancy', 'components.object_store.minio.server'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_store_errors_are_quiet_and_others_are_not() -> None:
    from components.object_store.store_client import ObjectStoreError

    def record(error: Exception) -> logging.LogRecord:
        return logging.LogRecord("grpc._server", logging.ERROR, "", 0, "x", (), (type(error), error, None))

    assert not provider._not_told_yet(record(ObjectStoreError("x")))
    assert provider._not_told_yet(record(KeyError("x")))


def test_credentials_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from components.object_store import store_client

    for name in (store_client.ACCESS_KEY, store_client.SECRET_KEY):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(store_client.ObjectStoreError, match=f"{store_client.ACCESS_KEY} and {store_client.SECRET_KEY}"):
        store_client.s3_client("http://127.0.0.1:1", "us-east-1")
    monkeypatch.setenv(store_client.ACCESS_KEY, "a")
    monkeypatch.setenv(store_client.SECRET_KEY, "b")
    monkeypatch.setenv(store_client.CA_BUNDLE, "missing.crt")
    with pytest.raises(store_client.ObjectStoreError, match=r"CA bundle missing\.crt"):
        store_client.s3_client("http://127.0.0.1:1", "us-east-1")


class Recorder(mocks.Mocks):
    def __init__(self) -> None:
        self.made: dict[str, pulumi.runtime.MockResourceArgs] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.made[args.typ] = args
        outputs = dict(args.inputs)
        if args.typ == "random:index/randomPassword:RandomPassword":
            outputs["result"] = "random-secret"
        return f"{args.name}-id", outputs

    def call(self, _args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        return {}, []


@pytest.fixture
def recorder() -> Recorder:
    recorder = Recorder()
    mocks.set_mocks(recorder, project="kitchen", stack="dev")
    return recorder


def access(mode: str, **settings: Any) -> BucketAccessArgs:
    return BucketAccessArgs(
        endpoint="https://minio.example.com",
        region="us-east-1",
        bucket="dev-lora",
        prefixes=["helpdesk-faq/v2026-02-01/"],
        namespace="helpdesk-dev",
        secret_name="support-lora-reader",
        user="helpdesk-dev-support-lora",
        mode=mode,  # type: ignore[arg-type]  # parametrised
        labels={"kitchen.example.com/tenant": "helpdesk"},
        **settings,
    )


SECRET, RANDOM, USER_TYPE = (
    "kubernetes:core/v1:Secret",
    "random:index/randomPassword:RandomPassword",
    "pulumi-python:dynamic/kitchen:MinioUser",
)


def declare(program: Callable[[], object]) -> None:
    """Run a program over the mocks and wait until all of its resources are registered."""
    pulumi.runtime.test(lambda: program() and None)()


def test_a_minio_key_is_random_and_lands_in_the_secret(recorder: Recorder) -> None:
    declare(lambda: BucketAccess("support", access("minio")))
    key = minio_users.access_key("helpdesk-dev-support-lora")
    assert recorder.made[SECRET].inputs["stringData"] == {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": "random-secret",
    }
    assert recorder.made[SECRET].inputs["metadata"]["namespace"] == "helpdesk-dev"
    assert recorder.made[SECRET].inputs["metadata"]["name"] == "support-lora-reader"
    assert recorder.made[USER_TYPE].inputs["owner"] == "kitchen/dev"
    assert recorder.made[USER_TYPE].inputs["prefixes"] == ["helpdesk-faq/v2026-02-01/"]


def test_a_placeholder_has_no_key_and_no_user(recorder: Recorder) -> None:
    declare(lambda: BucketAccess("support", access("placeholder")))
    assert set(recorder.made[SECRET].inputs["stringData"].values()) == {PLACEHOLDER}
    assert not {RANDOM, USER_TYPE} & set(recorder.made)


def test_an_existing_key_makes_nothing(recorder: Recorder) -> None:
    declare(lambda: BucketAccess("support", access("existing", existing_secret="given")))
    assert not {SECRET, RANDOM, USER_TYPE} & set(recorder.made)


def test_an_existing_key_needs_a_name(recorder: Recorder) -> None:
    with pytest.raises(ValueError, match="existing_secret"):
        BucketAccess("support", access("existing"))


def test_a_bucket_says_who_owns_it_and_holds_no_credentials(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KITCHEN_OBJECT_STORE_SECRET_KEY", "canary-secret")
    args = BucketArgs(endpoint="https://minio.example.com", region="us-east-1", bucket="dev-lora")
    declare(lambda: Bucket("lora", args))
    inputs = recorder.made["pulumi-python:dynamic/kitchen:S3Bucket"].inputs
    assert inputs["owner"] == "kitchen/dev"
    assert inputs["versioning"] is True
    assert "canary-secret" not in json.dumps(inputs)
    # A class in an importable module is stored by reference, not as code.
    assert len(inputs["__provider"]) < 200
