"""The store: whoever reaches our buckets and is not declared is told, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from components.object_store.minio.accounts import Accounts
from tools.drift_report.findings import Seen
from tools.drift_report.objects import Way
from tools.drift_report.people import Ours, People
from tools.drift_report.store import _owner, _strangers, of_store
from tools.identity.store import looking_policy, policy

READS = {"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::dev-lora/*"]}]}
ALL = {"Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]}]}
OTHER = {"Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::billing/*"]}]}
ADMIN = {"Statement": [{"Effect": "Allow", "Action": ["admin:*"]}]}
DEPLOYS = policy("dev-", users=True)
OURS = Ours(
    accounts={"kitchen-store-dev": DEPLOYS},
    buckets=["dev-lora", "dev-models"],
    users=["support"],
    policies=["support"],
    owners=["kitchen/dev"],
    own="root",
)


def told(**found: Any) -> list[tuple[str, str, str]]:
    empty: dict[str, Any] = {"users": {}, "members": {}, "groups": {}, "keys": {}}
    policies = {"readwrite": ALL, "consoleAdmin": ADMIN, "support": READS, **found.pop("policies", {})}
    seen = Seen()
    People(Accounts(**{**empty, **found, "policies": policies}), OURS, seen).tell()
    return [(finding.kind, finding.name, finding.more) for finding in seen.findings]


def test_what_is_declared_or_of_others_is_not_told() -> None:
    others = {"support": ("support",), "biller": ("billing",), "idle": ()}
    assert told(users=others, policies={"billing": OTHER}, keys={"k": "biller", "root": "root"}) == []


def test_a_user_is_told_by_what_its_policy_reaches() -> None:
    assert told(users={"mallory": ("readwrite",)}) == [
        ("user of the store", "mallory", "reaches dev-lora and 1 more of ours, by policy readwrite")
    ]
    assert told(users={"boss": ("consoleAdmin",)}) == [
        ("user of the store", "boss", "administers the store, by policy consoleAdmin")
    ]


def test_who_deploys_is_known_by_what_it_may_and_by_its_name() -> None:
    policies = {"any-name": DEPLOYS, "looks": looking_policy("dev-", users=True)}
    assert told(users={"kitchen-store-dev": ("any-name",)}, policies={"any-name": DEPLOYS}) == []
    assert told(users={"root": ("looks",)}, policies=policies) == [
        ("policy of the store", "looks", "reaches dev-lora and 1 more of ours")
    ], "whoever looks by another name has a policy that is not known"
    wider = {**DEPLOYS, "Statement": [*DEPLOYS["Statement"], *ALL["Statement"]]}
    assert [name for _, name, _ in told(users={"kitchen-store-dev": ("a",)}, policies={"a": wider})] == [
        "kitchen-store-dev",
        "a",
    ]
    assert [name for _, name, _ in told(users={"kitchen-store-dev": ("any-name", "readwrite")}, policies=policies)] == [
        "kitchen-store-dev",
        "looks",
    ]
    assert [name for _, name, _ in told(users={"mallory": ("any-name",)}, policies={"any-name": DEPLOYS})] == [
        "mallory"
    ]


def test_a_user_is_told_by_its_group_and_the_group_too() -> None:
    found = told(users={"mallory": ()}, members={"mallory": ("team",)}, groups={"team": ("readwrite",)})
    assert [(kind, name) for kind, name, _ in found] == [
        ("user of the store", "mallory"),
        ("group of the store", "team"),
    ]


def test_a_declared_user_in_a_group_and_a_further_key_of_one_are_told() -> None:
    found = told(users={"support": ("support",)}, members={"support": ("team",)}, keys={"copy": "support"})
    assert found == [
        ("membership of user", "support", "member of group team, which is not declared"),
        ("access key", "copy", "a further key of support"),
    ]


def test_a_policy_that_reaches_our_buckets_is_told_before_anybody_has_it() -> None:
    assert told(policies={"spare": READS}) == [("policy of the store", "spare", "reaches dev-lora")]
    ours = {"ID": "kitchen/dev", "Statement": []}
    assert told(policies={"left": ours}) == [("policy of the store", "left", "has our name as its owner")]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::dev-?ora"}, "reaches dev-lora"),
        ({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "x"}, "allows all but some"),
        ({"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": "x"}, "allows all but some"),
        ({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${aws:username}/*"}, "reaches dev-lora and 1"),
        ({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::d*y/z"}, "reaches dev-lora and 1"),
        ({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::other-*"}, ""),
        ({"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::*"}, ""),
        ({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::dev-[l]ora"}, ""),
        ({"Effect": "Allow", "Action": ["*"], "Resource": "x"}, "administers the store"),
        ({"Effect": "Allow", "Action": ["ad*"]}, "administers the store"),
        ({"Effect": "Allow", "Action": ["?dmin:CreateUser"]}, "administers the store"),
        ({"Effect": "Allow", "Action": ["a3:*"], "Resource": "x"}, ""),
    ],
)
def test_what_a_policy_reaches(statement: dict[str, Any], words: str) -> None:
    said = OURS.reached({"Statement": statement})
    assert said.startswith(words) and bool(said) == bool(words)


class Tags:
    """A store that answers a bucket's tags with an error of this code."""

    def __init__(self, code: str) -> None:
        self.code = code

    def get_bucket_tagging(self, **_: str) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": self.code}}, "GetBucketTagging")


def test_a_bucket_whose_tags_give_no_answer_is_not_one_of_others() -> None:
    assert [_owner(Tags(code), "x") for code in ("NoSuchTagSet", "AccessDenied")] == ["", None]
    for code in ("SlowDown", "InternalError"):
        with pytest.raises(ClientError):
            _owner(Tags(code), "x")


def test_tags_that_are_not_for_the_account_are_said() -> None:
    seen = Seen()
    _strangers({"others": None, "dev-left": None, "plain": ""}, "dev-", ["dev"], seen)
    assert [one.name for one in seen.findings] == ["dev-left"]
    assert seen.unasked == ["whether 1 buckets of others have our tag: s3:GetBucketTagging is not given"]


def test_a_store_without_keys_is_not_looked_at_and_that_is_said() -> None:
    bucket = {"urn": "u", "type": "kitchen:kitchen:S3Bucket", "id": "dev-lora", "custom": True}
    seen = of_store([bucket], endpoint=None, key=None, prefix="dev-", environment="dev", way=Way(command="make up"))
    assert len(seen.unread) == 1 and "KITCHEN_OBJECT_STORE_ACCESS_KEY" in seen.unread[0]
