"""What stands at a real MinIO and nobody declares: settings of our buckets, keys, stores that copy, ways to sign in.

The least policy of whoever looks is tried in the same store: it is enough, and each of its actions is needed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from minio import Minio
from minio.credentials.providers import LdapIdentityProvider
from minio.crypto import encrypt
from minio.datatypes import PeerSite
from minio.minioadmin import MinioAdmin
from minio.versioningconfig import VersioningConfig

from components.object_store.minio.quota import MinioQuotaProvider
from components.object_store.minio.users import MinioUserProvider
from components.object_store.s3_provider import BucketProvider
from tests.cluster.support.object_store import bucket_inputs, in_provider
from tests.support.directory import Directory
from tests.support.minio_server import REGION, MinioServer
from tests.support.token_issuer import DISCOVERY, TokenIssuer
from tools.drift_report.findings import Seen
from tools.drift_report.objects import Way
from tools.drift_report.store import of_store
from tools.identity.store import looking_policy

SECRET = "canary-0123456789"
LEAST = looking_policy("dev-", users=True)
LOOKER = ("kitchen-drift-dev", "a-lookers-secret")


class Store(MinioServer):
    """A MinIO with a key to encrypt with and somebody to notify; `people` may sign in."""

    people: Mapping[str, str] = {}
    """Its environment, where people sign in by an LDAP directory or by OpenID."""

    def command(self) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        words, variables = super().command()
        more = {
            "MINIO_KMS_SECRET_KEY": f"hand:{base64.b64encode(bytes(32)).decode()}",
            "MINIO_NOTIFY_WEBHOOK_ENABLE_HAND": "on",
            "MINIO_NOTIFY_WEBHOOK_ENDPOINT_HAND": f"http://127.0.0.1:{self.ports[1]}/",
            "MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_HAND": str(self.folder / "queue"),
        }
        return words, {**variables, **more, **self.people}


class Targets(Enum):
    SET = "set-remote-target"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(tmp_path_factory.mktemp("drift-store")) as server, in_provider(server):
        server.admin().policy_add("looks", policy=LEAST)
        server.admin().user_add(*LOOKER)
        server.admin().policy_set("looks", user=LOOKER[0])
        yield server


@pytest.fixture(scope="module")
def resources(store: Store) -> list[dict[str, Any]]:
    """What a state has of two buckets, a user and a quota."""
    found = []
    for name, days in (("dev-models", 0), ("dev-audit", 3)):
        inputs = bucket_inputs(store, name, objectLockDays=days)
        outs = BucketProvider().create(inputs).outs
        found.append({"type": "kitchen:S3Bucket", "id": name, "inputs": inputs, "outputs": outs})
    user = {
        **{"endpoint": store.endpoint, "region": REGION, "user": "consumer", "accessKey": "consumer"},
        **{"bucket": "dev-models", "prefixes": ["a/"], "owner": "shelf/test", "secretKey": SECRET},
    }
    outs = MinioUserProvider().create(user).outs
    found.append({"type": "kitchen:MinioUser", "id": "consumer", "inputs": user, "outputs": outs})
    quota = {"endpoint": store.endpoint, "region": REGION, "bucket": "dev-audit", "quotaGiB": 2}
    outs = MinioQuotaProvider().create(quota).outs
    found.append({"type": "kitchen:MinioQuota", "id": "dev-audit", "inputs": quota, "outputs": outs})
    return [{**one, "urn": f"u::{index}", "custom": True} for index, one in enumerate(found)]


def look(resources: list[dict[str, Any]], key: tuple[str, str]) -> Seen:
    return of_store(resources, endpoint=None, key=key, prefix="dev-", environment="dev", way=Way(command="make up"))


def told(seen: Seen) -> set[str]:
    """Kind and name of each finding."""
    return {f"{finding.kind} {finding.name}" for finding in seen.findings}


def root(store: MinioServer) -> tuple[str, str]:
    return store.access_key, store.secret_key


def minio(store: MinioServer) -> Minio:
    return Minio(store.endpoint.removeprefix("http://"), *root(store), secure=False, region=REGION)


def copied(store: Store, other: MinioServer) -> None:
    """What `mc replicate add` does: the other store becomes a target, and the bucket is copied there."""
    other.client().create_bucket(Bucket="stolen")
    other.client().put_bucket_versioning(Bucket="stolen", VersioningConfiguration={"Status": "Enabled"})
    target = {
        "sourcebucket": "dev-models",
        "endpoint": other.endpoint.removeprefix("http://"),
        "targetbucket": "stolen",
        "credentials": {"accessKey": other.access_key, "secretKey": other.secret_key},
        "type": "replication",
        "secure": False,
    }
    body = encrypt(json.dumps(target).encode(), store.secret_key)
    admin: MinioAdmin = store.admin()
    words = cast("Any", {"bucket": "dev-models"})
    said = admin._url_open(method="PUT", command=cast("Any", Targets.SET), query_params=words, body=body)
    rule = {
        "ID": "hand",
        "Status": "Enabled",
        "Priority": 1,
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Filter": {"Prefix": ""},
        "Destination": {"Bucket": json.loads(said.data)},
    }
    rules = cast("Any", {"Role": "", "Rules": [rule]})
    store.client().put_bucket_replication(Bucket="dev-models", ReplicationConfiguration=rules)


def notified(store: Store) -> None:
    rows = [{"QueueArn": "arn:minio:sqs::HAND:webhook", "Events": ["s3:ObjectCreated:*"]}]
    changes = cast("Any", {"QueueConfigurations": rows})
    store.client().put_bucket_notification_configuration(Bucket="dev-models", NotificationConfiguration=changes)


def encrypted(store: Store) -> None:
    rules = cast("Any", {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})
    store.client().put_bucket_encryption(Bucket="dev-models", ServerSideEncryptionConfiguration=rules)


def exempted(store: Store) -> None:
    minio(store).set_bucket_versioning("dev-models", VersioningConfig("Enabled", excluded_prefixes=["adapters/*"]))


def limited(store: Store) -> None:
    store.admin().bucket_quota_set("dev-models", 1024**3)


def key_of_root(store: Store) -> None:
    store.admin().add_service_account(access_key="key-of-root", secret_key=SECRET)


def temporary(store: Store) -> None:
    client = boto3.client(
        "sts",
        endpoint_url=store.endpoint,
        region_name=REGION,
        aws_access_key_id="consumer",
        aws_secret_access_key=SECRET,
    )
    client.assume_role(RoleArn="arn:aws:iam::1:role/any", RoleSessionName="hand")


BY_HAND: Mapping[str, Callable[[Store], None]] = {
    "notification of bucket dev-models": notified,
    "encryption of bucket dev-models": encrypted,
    "exemption of bucket dev-models": exempted,
    "quota of bucket dev-models": limited,
    "access key key-of-root": key_of_root,
}


def test_whoever_looks_reads_all_with_the_least_policy_and_is_told_what_is_missing(
    store: Store, resources: list[dict[str, Any]]
) -> None:
    store.client().create_bucket(Bucket="billing")
    store.admin().group_add("team", cast("Any", ["consumer"]))  # so that a group is read
    try:
        seen = look(resources, LOOKER)
        assert (told(seen), seen.unread) == ({"membership of user consumer"}, [])
        actions = [action for statement in LEAST["Statement"] for action in statement["Action"]]
        named = {action: _without(store, action, resources) for action in actions}
    finally:
        store.admin().group_remove("team", cast("Any", ["consumer"]))
        store.admin().group_remove("team")
        store.client().delete_bucket(Bucket="billing")
        store.admin().policy_add("looks", policy=LEAST)
    print("\n".join(f"{action}: {lines[:1]}" for action, lines in named.items()))
    # One question may take two rights; the store does not say which of them is missing.
    assert [action for action, lines in named.items() if not any(action in line for line in lines)] == []
    for call in (store.client(*LOOKER).put_bucket_versioning, store.client(*LOOKER).put_bucket_tagging):
        with pytest.raises(Exception, match=r"AccessDenied|Missing required"):
            call(Bucket="dev-models", VersioningConfiguration={"Status": "Suspended"})


def _without(store: Store, action: str, resources: list[dict[str, Any]]) -> list[str]:
    statements = [
        {**statement, "Action": [one for one in statement["Action"] if one != action]}
        for statement in LEAST["Statement"]
    ]
    store.admin().policy_add("looks", policy={**LEAST, "Statement": [one for one in statements if one["Action"]]})
    return look(resources, LOOKER).unread


@pytest.mark.parametrize("what", BY_HAND)
def test_a_setting_that_nobody_declares_is_told(store: Store, resources: list[dict[str, Any]], what: str) -> None:
    assert what not in told(look(resources, root(store)))
    BY_HAND[what](store)
    seen = look(resources, root(store))
    assert what in told(seen)
    assert seen.unread == []
    assert SECRET not in str(seen)


def test_a_bucket_that_is_copied_to_another_store_is_told(
    store: Store, resources: list[dict[str, Any]], tmp_path: Path
) -> None:
    minio(store).set_bucket_versioning("dev-models", VersioningConfig("Enabled"))  # else nothing can be copied
    with MinioServer(tmp_path) as other:
        copied(store, other)
        (finding,) = [one for one in look(resources, root(store)).findings if one.kind == "replication of bucket"]
    assert (finding.name, finding.more) == ("dev-models", "objects are copied to bucket stolen of another store")
    store.client().delete_bucket_replication(Bucket="dev-models")


def test_a_statement_of_others_is_named_and_told_where_anybody_may(store: Store) -> None:
    inputs = bucket_inputs(store, "dev-lent", closed=False)
    outs = BucketProvider().create(inputs).outs
    lent = [{"urn": "u", "custom": True, "type": "a:S3Bucket", "id": "dev-lent", "inputs": inputs, "outputs": outs}]
    mine = json.loads(store.client().get_bucket_policy(Bucket="dev-lent")["Policy"])["Statement"]
    assert look(lent, root(store)).unjudged == []
    given = {"Sid": "Given", "Effect": "Allow", "Principal": {"AWS": ["team"]}, "Action": ["s3:GetObject"]}
    opened = {**given, "Sid": "Opened", "Principal": {"AWS": ["*"]}}
    rows = [*mine, *({**row, "Resource": ["arn:aws:s3:::dev-lent/*"]} for row in (given, opened))]
    store.client().put_bucket_policy(Bucket="dev-lent", Policy=json.dumps({"Version": "2012-10-17", "Statement": rows}))
    try:
        seen = look(lent, root(store))
        assert [(one.name, one.is_told, one.why) for one in seen.unjudged] == [
            ("dev-lent: Given", False, "somebody is allowed s3:GetObject"),
            ("dev-lent: Opened", True, "anybody is allowed s3:GetObject"),
        ]
    finally:
        BucketProvider().delete("dev-lent", {**inputs, **(outs or {})})


def test_a_temporary_key_of_a_declared_user_is_told(store: Store, resources: list[dict[str, Any]]) -> None:
    assert not [one for one in look(resources, root(store)).findings if one.kind == "temporary key"]
    temporary(store)
    (finding,) = [one for one in look(resources, root(store)).findings if one.kind == "temporary key"]
    assert finding.more == "made by or for consumer"


def test_a_store_that_is_one_of_several_sites_is_told(
    store: Store, resources: list[dict[str, Any]], tmp_path: Path
) -> None:
    assert look(resources, root(store)).unjudged == []
    with MinioServer(tmp_path / "a") as one, MinioServer(tmp_path / "b") as two:
        sites = [PeerSite(name, site.endpoint, *root(site)) for name, site in (("here", one), ("there", two))]
        one.admin().add_site_replication(sites)
        seen = of_store(
            resources, endpoint=one.endpoint, key=root(one), prefix="dev-", environment="dev", way=Way(command="x")
        )
    assert [(row.kind, row.name, row.is_told) for row in seen.unjudged] == [
        ("replication of the store", name, True) for name in ("here", "there")
    ]


@contextmanager
def known_to(store: Store, people: Mapping[str, str]) -> Iterator[None]:
    """The store starts anew, and other people may sign in; then it is as before."""
    _anew(store, people)
    try:
        yield
    finally:
        _anew(store, {})


def _anew(store: Store, people: Mapping[str, str]) -> None:
    store.stop()
    store.people = people
    store.start()


def test_people_who_sign_in_by_openid_are_told_by_their_role(store: Store, resources: list[dict[str, Any]]) -> None:
    with TokenIssuer() as issuer:
        issuer.changes["jwks_uri"] = f"{issuer.host}/jwks"
        issuer.answers["/jwks"] = b"HTTP/1.0 200 OK\r\n\r\n" + issuer.signer.jwks().encode()
        people = {
            "MINIO_IDENTITY_OPENID_CONFIG_URL": f"{issuer.host}{DISCOVERY}",
            "MINIO_IDENTITY_OPENID_CLIENT_ID": "kitchen",
            "MINIO_IDENTITY_OPENID_CLIENT_SECRET": SECRET,
            "MINIO_IDENTITY_OPENID_ROLE_POLICY": "readwrite",
        }
        with known_to(store, people):
            seen = look(resources, root(store))
            assert [(one.kind, one.is_told) for one in seen.unjudged] == [("sign-in of people by OpenID", True)]
            assert "reaches dev-audit and 1 more of ours, by policy readwrite" in seen.unjudged[0].why
            assert SECRET not in str(seen)
            assert [line for line in look(resources, LOOKER).unasked if "admin:ConfigUpdate" in line]


def _as_person(store: Store) -> LdapIdentityProvider:
    return LdapIdentityProvider(store.endpoint, "ana", "any")


def test_people_of_a_directory_are_told_by_their_policies_and_with_their_keys(
    store: Store, resources: list[dict[str, Any]]
) -> None:
    with Directory() as directory, known_to(store, directory.environment()):
        store.admin().attach_policy_ldap(["readwrite"], user=directory.person)
        client = MinioAdmin(
            endpoint=store.endpoint.removeprefix("http://"), credentials=_as_person(store), secure=False
        )
        client.add_service_account(access_key="key-of-ana", secret_key=SECRET)
        seen = look(resources, root(store))
        assert {f"user of the store {directory.person}", "access key key-of-ana"} <= told(seen)
        assert (seen.unread, SECRET in str(seen)) == ([], False)
        store.admin().detach_policy_ldap(["readwrite"], user=directory.person)
        assert f"user of the store {directory.person}" not in told(look(resources, root(store)))
