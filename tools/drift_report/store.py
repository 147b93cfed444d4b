"""The object store: what is recorded and not so there, and who reaches our buckets without being declared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from components.labels import OWNER_TAG
from tools.drift.compare import StoreDrift
from tools.drift.recorded import in_store
from tools.drift.store import look_into
from tools.drift_report.findings import Change, Finding, Place, What
from tools.drift_report.objects import Seen, Way

if TYPE_CHECKING:
    from components.object_store.minio.accounts import Accounts

_ARN = "arn:aws:s3:::"
_VARIABLE = re.compile(r"\$\{[^}]*\}")
"""What a pattern takes from whoever asks: an account may be called as a bucket is."""
_BUILT_IN = frozenset({"consoleAdmin", "diagnostics", "readonly", "readwrite", "writeonly"})
"""Policies that every MinIO has; they are told where somebody has them, and not where they lie about."""

_NO_TAGS = ("NoSuchTagSet", "NoSuchBucket", "AccessDenied", "NotImplemented", "MethodNotAllowed")
"""What a store says of a bucket that has no tags, that is gone since, or whose tags are not for us."""

OWN_POLICIES, OTHERS, OWN_ACCOUNT = "built-in-policy", "of-others", "own-account"
RULES = {
    OWN_POLICIES: "every MinIO has it, and nobody has it attached",
    OTHERS: "it is of another program of the store, and reaches none of our buckets",
    OWN_ACCOUNT: "it is the account by which this command looks",
}


def of_store(
    resources: Sequence[Mapping[str, Any]], *, endpoint: str | None, key: tuple[str, str] | None, prefix: str, way: Way
) -> Seen:
    """Hold the recorded buckets, users and quotas against the store, and look for who and what is there besides.

    `prefix` begins the names of this environment's buckets, `key` is the administrator's: without it nothing is asked,
    which is told. `endpoint` takes the place of the recorded one.
    """
    entries = in_store(resources)
    if not entries:
        return Seen()
    if key is None:
        names = "KITCHEN_OBJECT_STORE_ACCESS_KEY and KITCHEN_OBJECT_STORE_SECRET_KEY are not set"
        return Seen(unread=[f"the object store, {len(entries)} recorded buckets, users and quotas: {names}"])
    differs, unread = look_into(resources, endpoint=endpoint, key=key)
    seen = Seen(unread=list(unread), findings=[_recorded(row, way) for row in differs])
    _beside(entries, endpoint, key, prefix, seen)
    return seen


def _recorded(row: StoreDrift, way: Way) -> Finding:
    kind, _, name = row.name.rpartition(" ")
    return Finding(
        place=Place.STORE,
        what=What.MISSING if row.gone else What.CHANGED,
        kind=kind,
        name=name,
        changes=tuple(Change(path=what) for what in row.what),
        way=way.command,
    )


def _beside(
    entries: Sequence[Mapping[str, Any]], endpoint: str | None, key: tuple[str, str], prefix: str, seen: Seen
) -> None:
    from components.object_store.bucket_settings import can  # noqa: PLC0415 - as below
    from components.object_store.store_client import ObjectStoreError, calling, s3_client  # noqa: PLC0415 - as below

    buckets = {str(entry["id"]): entry for entry in entries if str(entry["type"]).endswith(":S3Bucket")}
    users = {str(entry["id"]): entry for entry in entries if str(entry["type"]).endswith(":MinioUser")}
    props = (entries[0].get("outputs") or {}) if entries else {}
    where, owners = endpoint or str(props.get("endpoint")), {_of(entry, "owner") for entry in buckets.values()}
    try:
        client = s3_client(where, str(next((_of(entry, "region") for entry in buckets.values()), "us-east-1")), key)
        with calling(where, "listing buckets"):
            there = [str(one.get("Name")) for one in client.list_buckets().get("Buckets", [])]
            tagged = any(can(entry.get("outputs") or {}, "tagging") for entry in buckets.values())
            strangers = {name: _owner(client, name) if tagged else "" for name in there if name not in buckets}
    except ObjectStoreError as error:
        seen.unread.append(str(error))
        return
    for name, owner in strangers.items():
        if name.startswith(prefix) or owner in owners:
            more = f"its tag says {owner}" if owner else ""
            seen.findings.append(_undeclared("bucket", name, more, "empty and remove it, or declare it"))
        else:
            seen.known[OTHERS] += 1
    if not users and not any(str(entry["type"]).endswith(":MinioQuota") for entry in entries):
        seen.unasked.append("users and policies of the store: none is recorded, so it need not be a MinIO")
        return
    from components.object_store.minio.accounts import accounts  # noqa: PLC0415 - MinIO's client is slow to import

    try:
        found = accounts(where, key)
    except ObjectStoreError as error:
        seen.unread.append(str(error))
        return
    policies = {str(_of(entry, "user")) for entry in users.values()}
    _People(found, Ours(buckets=buckets, users=users, policies=policies, owners=owners, own=key[0]), seen).tell()


class Ours:
    """What of a store is declared: names of buckets, access keys of users, names of policies, owners; our own key."""

    def __init__(
        self,
        *,
        buckets: Iterable[str],
        users: Iterable[str],
        policies: Iterable[str],
        owners: Iterable[Any],
        own: str,
    ) -> None:
        """Keep them."""
        self.buckets, self.users, self.policies = frozenset(buckets), frozenset(users), frozenset(policies)
        self.owners, self.own = frozenset(owners) - {None, ""}, own

    def reached(self, document: Mapping[str, Any]) -> str:
        """What a policy allows on our buckets, in words; empty where it reaches none of them.

        What it denies is not looked at: a denial may be passed over by another policy's condition.
        """
        statements = document.get("Statement") or []
        for statement in statements if isinstance(statements, list) else [statements]:
            if not isinstance(statement, Mapping) or statement.get("Effect") != "Allow":
                continue
            actions = _list(statement.get("Action"))
            if any(action.startswith(("admin:", "*")) for action in actions):
                return "administers the store"
            if "NotResource" in statement or "NotAction" in statement:
                return "allows all but some"
            for pattern in _list(statement.get("Resource")):
                # MinIO's patterns know `*` and `?` alone.
                # A `*` reaches beyond the next `/`, into what any bucket holds.
                head, star, _ = _VARIABLE.sub("*", pattern.removeprefix(_ARN)).partition("/")[0].partition("*")
                name = head.replace("[", "[[]") + star
                if hit := sorted(bucket for bucket in self.buckets if fnmatchcase(bucket, name)):
                    return f"reaches {hit[0]}" + (f" and {len(hit) - 1} more of ours" if len(hit) > 1 else "")
        return ""


class _People:
    """Who is known to a store, held against what is declared."""

    def __init__(self, found: Accounts, ours: Ours, seen: Seen) -> None:
        self._found, self._ours, self._seen = found, ours, seen
        self._reach = {name: ours.reached(document) for name, document in found.policies.items()}
        self._groups = {group: self._first(policies) for group, policies in found.groups.items()}

    def tell(self) -> None:
        """Users, further keys, policies and groups that are not declared and reach what is ours."""
        for name in self._found.users:
            self._user(name)
        for name, user in self._found.keys.items():
            self._key(name, user)
        for name, document in self._found.policies.items():
            self._policy(name, document)
        for name, why in self._groups.items():
            self._told("group of the store", name, why, "remove it, or narrow its policies")

    def _user(self, name: str) -> None:
        if name in self._ours.users:
            for group in self._found.members.get(name, ()):
                text = f"member of group {group}, which is not declared"
                self._told("membership of user", name, text, f"take it out of group {group}")
        elif name == self._ours.own:
            self._seen.known[OWN_ACCOUNT] += 1
        else:
            self._told("user of the store", name, self._reached(name), "remove it, or narrow its policies")

    def _key(self, name: str, user: str) -> None:
        of_ours = user in self._ours.users
        why = "administers the store" if user == self._ours.own else self._reached(user)
        if name == self._ours.own:
            self._seen.known[OWN_ACCOUNT] += 1
        else:
            text = f"a further key of {user}{'' if of_ours else f', which {why}'}"
            self._told("access key", name, text if of_ours or why else "", "remove it")

    def _policy(self, name: str, document: Mapping[str, Any]) -> None:
        attached = (*self._found.users.values(), *self._found.groups.values())
        if name in self._ours.policies:
            return
        if name in _BUILT_IN:  # where somebody has it attached, that one is told
            self._seen.known[OWN_POLICIES] += not any(name in policies for policies in attached)
            return
        why = self._reach[name] or ("has our name as its owner" if document.get("ID") in self._ours.owners else "")
        self._told("policy of the store", name, why, "remove it, or narrow it")

    def _reached(self, user: str) -> str:
        """Why an account is told: what it reaches by its own policies or by those of its groups."""
        groups = [(group, self._groups.get(group)) for group in self._found.members.get(user, ())]
        by_group = next((f"{why}, by group {group}" for group, why in groups if why), "")
        return self._first(self._found.users.get(user, ())) or by_group

    def _first(self, policies: Sequence[str]) -> str:
        return next((f"{why}, by policy {name}" for name in policies if (why := self._reach.get(name))), "")

    def _told(self, kind: str, name: str, why: str, way: str) -> None:
        """What has no reason to be told is of others."""
        if why:
            self._seen.findings.append(_undeclared(kind, name, why, way))
        else:
            self._seen.known[OTHERS] += 1


def _undeclared(kind: str, name: str, more: str, way: str) -> Finding:
    return Finding(place=Place.STORE, what=What.UNDECLARED, kind=kind, name=name, more=more, way=way)


def _owner(client: Any, bucket: str) -> str:
    """The owner that a bucket's tag names; empty without one, or where the tags may not be read. Raises ClientError."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - as boto3

    from components.object_store.store_client import error_code  # noqa: PLC0415 - as boto3

    try:
        tags = client.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if error_code(error) not in _NO_TAGS:
            raise
        return ""
    return next((str(tag["Value"]) for tag in tags if tag["Key"] == OWNER_TAG), "")


def _of(entry: Mapping[str, Any], name: str) -> Any:
    return (entry.get("outputs") or {}).get(name) or (entry.get("inputs") or {}).get(name)


def _list(value: Any) -> Iterator[str]:
    yield from map(str, value if isinstance(value, list) else [value] if value else [])
