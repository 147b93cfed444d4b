"""Everybody whom MinIO knows: users, groups, policies and further access keys; nothing is changed, no key is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from components.object_store.minio import admin as minio
from components.object_store.minio.admin import Admin
from components.object_store.minio.signing_in import Provider, read
from components.object_store.store_client import NoRightError

_LISTS_ALL = "s3:ListAllMyBuckets"
_THREADS = 3
_USERS, _GROUPS, _POLICIES = "listing users", "listing groups", "listing policies"
_KEYS, _KEYS_OF_PEOPLE = "listing access keys", "listing access keys of a directory"
_KEYS_OF_TOKENS, _SIGNING_IN = "listing access keys of OpenID", "reading by whom people sign in"
_SITES, _RIGHTS = "reading the store's sites", "reading own rights"
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
    untold: list[str] = []

    def asked(action: str, question: Callable[[], Any]) -> Any:
        try:
            with minio.calling(endpoint, action):
                return question()
        except NoRightError as error:
            untold.append(str(error))
            return None

    questions = _questions(minio.admin_client(endpoint, key))
    with ThreadPoolExecutor(_THREADS) as pool:  # an answer with names of keys takes a tenth of a second to decrypt
        begun = {action: pool.submit(asked, action, question) for action, question in questions.items()}
        answers = {action: future.result() for action, future in begun.items()}
    users, groups, policies = (answers[action] or {} for action in (_USERS, _GROUPS, _POLICIES))
    sites, account, set_ = answers[_SITES] or {}, answers[_RIGHTS] or {}, answers[_SIGNING_IN]
    if answers[_KEYS] is None and not untold:
        untold.append("access keys of the store's own users: this release of MinIO does not list those of all")
    _note_unlisted(account, untold)
    told = {**(answers[_KEYS] or {}), **(answers[_KEYS_OF_PEOPLE] or {})}
    return Accounts(
        users={name: _words(user.get("policyName")) for name, user in users.items()},
        members={name: tuple(user.get("memberOf") or ()) for name, user in users.items()},
        groups={name: _words((one or {}).get("policy")) for name, one in groups.items()},
        policies=policies,
        keys=dict(_keys(told, "serviceAccounts")),
        temporary=dict(_keys(told, "stsKeys")),
        signed_in=dict(_signed_in(answers[_KEYS_OF_TOKENS] or ())),
        providers=None if set_ is None else read(set_),
        sites=tuple(str(site.get("name")) for site in sites.get("sites") or []) if sites.get("enabled") else (),
        untold=tuple(sorted(set(untold))),
    )


def _questions(admin: Admin) -> dict[str, Callable[[], Any]]:
    return {
        _USERS: lambda: minio.all_of(admin, "user_list"),
        _KEYS: lambda: minio.access_keys(admin, minio.Keys.OWN, *_NOT_THERE),
        _KEYS_OF_TOKENS: lambda: minio.access_keys(admin, minio.Keys.OPENID, *_NOT_THERE),
        _SIGNING_IN: lambda: minio.settings(admin, "identity_openid"),
        _KEYS_OF_PEOPLE: lambda: minio.access_keys(admin, minio.Keys.LDAP, *_NOT_THERE, *_NO_LDAP),
        _POLICIES: lambda: minio.all_of(admin, "policy_list"),
        _GROUPS: lambda: {
            name: minio.answer(admin, "group_info", name, *_NO_GROUP) for name in minio.all_of(admin, "group_list")
        },
        _SITES: lambda: minio.all_of(admin, "get_site_replication_info"),
        _RIGHTS: lambda: minio.all_of(admin, "account_info"),
    }


def _note_unlisted(account: Mapping[str, Any], untold: list[str]) -> None:
    """Without the right to list all buckets a store leaves out those that the account may not read, without a word."""
    rows = (account.get("Policy") or {}).get("Statement") or []
    allowed = {str(action) for row in rows if row.get("Effect") == "Allow" for action in row.get("Action") or []}
    if not any(fnmatchcase(_LISTS_ALL, action) for action in allowed):
        untold.append(f"buckets that this account may not read: the store lists them to who has {_LISTS_ALL} alone")


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
