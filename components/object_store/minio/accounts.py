"""Everybody whom MinIO knows: users, groups, policies and further access keys; nothing is changed, no key is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.object_store.minio import admin as minio

_NOBODY = ("XMinioAdminNoSuchUser", "XMinioAdminNoSuchGroup")


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """By access key the policies of each user, by name those of each group, by name each policy's document.

    `keys` are further access keys, each with the user that it is of; what a key may do its user may do too.
    """

    users: Mapping[str, tuple[str, ...]]
    members: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, tuple[str, ...]]
    policies: Mapping[str, Mapping[str, Any]]
    keys: Mapping[str, str]


def accounts(endpoint: str, key: tuple[str, str]) -> Accounts:
    """Ask the administration interface with the administrator's `key`; raise ObjectStoreError."""
    admin = minio.admin_client(endpoint, key)
    with minio.calling(endpoint, "listing users and policies"):
        users: dict[str, Any] = minio.all_of(admin, "user_list")
        policies: dict[str, Any] = minio.all_of(admin, "policy_list")
        names: list[str] = list(minio.all_of(admin, "group_list"))

        def group(name: str) -> dict[str, Any]:
            return minio.answer(admin, "group_info", name, *_NOBODY) or {}

        def keys(user: str) -> list[str]:
            found = minio.answer(admin, "list_service_account", user, *_NOBODY) or {}
            return [str(one["accessKey"] if isinstance(one, dict) else one) for one in found.get("accounts") or []]

        askers = list(dict.fromkeys([*users, key[0]]))
        told, of_user = [group(name) for name in names], [keys(user) for user in askers]
    return Accounts(
        users={name: _words(user.get("policyName")) for name, user in users.items()},
        members={name: tuple(user.get("memberOf") or ()) for name, user in users.items()},
        groups={name: _words(one.get("policy")) for name, one in zip(names, told, strict=True)},
        policies=policies,
        keys={key_: user for user, found in zip(askers, of_user, strict=True) for key_ in found},
    )


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())
