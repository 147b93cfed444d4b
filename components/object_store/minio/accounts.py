"""Everybody whom MinIO knows: users, groups, policies and further access keys; nothing is changed, no key is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from components.object_store.minio import admin as minio
from components.object_store.minio.admin import Admin
from components.object_store.minio.signing_in import Provider, read
from components.object_store.store_client import NoRightError

_LISTS_ALL = "s3:ListAllMyBuckets"
_NOBODY = ("XMinioAdminNoSuchUser",)
_NO_GROUP = ("XMinioAdminNoSuchGroup",)
_NO_LDAP = ("XMinioIAMActionNotAllowed",)
_NOT_THERE = ("XMinioAdminVersionMismatch", "MethodNotAllowed", "NotImplemented")
"""How a release answers that does not know a question."""


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """By access key the policies of each user, by name those of each group, by name each policy's document.

    People of an LDAP directory who have policies are users and groups too, by their distinguished names. `keys` are
    further access keys, each with the user that it is of, `temporary` those that end by themselves: what a key may do
    its user may do too. `signed_in` counts by user the keys of people who have signed in by OpenID, `providers` are
    those by whom they do, None where the store does not tell this account. `sites` are further stores that hold a
    copy of everything. `untold` are sentences on what the store did not tell.
    """

    users: Mapping[str, tuple[str, ...]]
    members: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, tuple[str, ...]]
    policies: Mapping[str, Mapping[str, Any]]
    keys: Mapping[str, str]
    temporary: Mapping[str, str] = field(default_factory=dict)
    signed_in: Mapping[str, int] = field(default_factory=dict)
    providers: tuple[Provider, ...] | None = ()
    sites: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()


def accounts(endpoint: str, key: tuple[str, str]) -> Accounts:
    """Ask the administration interface with the administrator's `key`; raise ObjectStoreError.

    What the account has no right to ask for is among `untold`, with the right's name.
    """
    admin = minio.admin_client(endpoint, key)
    untold: list[str] = []

    def asked(action: str, question: Callable[[], Any]) -> Any:
        try:
            with minio.calling(endpoint, action):
                return question()
        except NoRightError as error:
            untold.append(str(error))
            return None

    users = asked("listing users", lambda: minio.all_of(admin, "user_list")) or {}
    policies = asked("listing policies", lambda: minio.all_of(admin, "policy_list")) or {}
    names = list(asked("listing groups", lambda: minio.all_of(admin, "group_list")) or ())
    groups = asked("reading groups", lambda: [minio.answer(admin, "group_info", name, *_NO_GROUP) for name in names])
    own, people, signed_in = asked("listing access keys", lambda: _all_keys(admin, [*users, key[0]])) or ({}, {}, [])
    sites = asked("reading the store's sites", lambda: minio.all_of(admin, "get_site_replication_info")) or {}
    with minio.calling(endpoint, "reading what the account may do, and by whom people sign in"):
        set_ = minio.settings(admin, "identity_openid")
        _note_unlisted(minio.all_of(admin, "account_info"), untold)
    told = {**own, **people}
    return Accounts(
        users={name: _words(user.get("policyName")) for name, user in users.items()},
        members={name: tuple(user.get("memberOf") or ()) for name, user in users.items()},
        groups={name: _words((one or {}).get("policy")) for name, one in zip(names, groups or (), strict=False)},
        policies=policies,
        keys=dict(_keys(told, "serviceAccounts")),
        temporary=dict(_keys(told, "stsKeys")),
        signed_in=dict(_signed_in(signed_in)),
        providers=None if set_ is None else read(set_),
        sites=tuple(str(site.get("name")) for site in sites.get("sites") or []) if sites.get("enabled") else (),
        untold=tuple(untold),
    )


def _note_unlisted(account: Mapping[str, Any], untold: list[str]) -> None:
    """Without the right to list all buckets a store leaves out those that the account may not read, without a word."""
    rows = (account.get("Policy") or {}).get("Statement") or []
    allowed = {str(action) for row in rows if row.get("Effect") == "Allow" for action in row.get("Action") or []}
    if not any(fnmatchcase(_LISTS_ALL, action) for action in allowed):
        untold.append(f"buckets that this account may not read: the store lists them to who has {_LISTS_ALL} alone")


def _all_keys(admin: Admin, users: Sequence[str]) -> tuple[Mapping[str, Any], Mapping[str, Any], Sequence[Any]]:
    """By user the further keys of the store's own users and of its root, those of a directory, and of OpenID."""
    own = minio.access_keys(admin, minio.Keys.OWN, *_NOT_THERE)
    if own is None:  # an older release, which tells neither those of root nor temporary ones
        found = {
            user: minio.answer(admin, "list_service_account", user, *_NOBODY) or {} for user in dict.fromkeys(users)
        }
        own = {user: {"serviceAccounts": of_user.get("accounts")} for user, of_user in found.items()}
    people = minio.access_keys(admin, minio.Keys.LDAP, *_NOT_THERE, *_NO_LDAP) or {}
    return own, people, minio.access_keys(admin, minio.Keys.OPENID, *_NOT_THERE) or []


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())


def _keys(told: Mapping[str, Any], sort: str) -> Iterator[tuple[str, str]]:
    for user, of_user in told.items():
        yield from ((str(one["accessKey"]), user) for one in of_user.get(sort) or [])


def _signed_in(told: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    for provider in told:
        for user in provider.get("users") or []:
            name = user.get("readableName") or user.get("ID") or user.get("minioAccessKey")
            yield str(name), len(user.get("serviceAccounts") or [])
