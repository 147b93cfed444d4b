"""ServiceAccounts as callers: what they are called in settings, and which issuer's tokens speak for them.

A cluster signs tokens for its ServiceAccounts. As Kubernetes does it, such a token stands for the account itself,
`system:serviceaccount:<namespace>:<name>`, and for all accounts of its namespace, `system:serviceaccounts:<namespace>`
(k8s.io/apiserver, pkg/authentication/serviceaccount/util.go). Accounts of another cluster have that cluster's prefix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

OIDC, KUBERNETES = "oidc", "kubernetes"
"""Kinds of issuers: an identity provider, whose tokens name groups, and a cluster, whose tokens name an account."""

MARK = "system:serviceaccount"
"""What every name of accounts has in it; no group of an identity provider that has it counts, wherever it stands."""

_NAMESPACE, _NAME = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", "[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?"
_ONE, _ALL = f"{MARK}:", f"{MARK}s:"
_FORM = re.compile(
    f"(?P<prefix>[a-z0-9][-a-z0-9]*:)?{MARK}(s:(?P<all>{_NAMESPACE})|:(?P<one>{_NAMESPACE}):(?P<name>{_NAME}))"
)


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account by its namespace and name, or all accounts of a namespace (no name), of the cluster with a prefix."""

    prefix: str
    namespace: str
    name: str | None

    @property
    def own(self) -> str:
        """What its own cluster calls it."""
        return f"{_ALL}{self.namespace}" if self.name is None else f"{_ONE}{self.namespace}:{self.name}"

    @property
    def beginning(self) -> str:
        """How the subject of each of its tokens begins; of a single account it is the whole subject."""
        return f"{_ONE}{self.namespace}:{self.name or ''}"


def names_accounts(member: str) -> bool:
    """Whether a member of a role poses as accounts, well written or not: no identity provider speaks for it."""
    return MARK in member


def account(member: str) -> Account | None:
    """The account or accounts of a member; None for a group, and for a name of accounts that is not well written."""
    found = _FORM.fullmatch(member)
    if found is None:
        return None
    return Account(prefix=found["prefix"] or "", namespace=found["all"] or found["one"], name=found["name"])


def by_cluster(members: Iterable[str], clusters: Mapping[str, str]) -> tuple[list[str], dict[str, list[str]]]:
    """Groups, and accounts by the issuer that speaks for them, as their own cluster calls them.

    `clusters` are prefixes by issuer's name. Accounts for which no issuer speaks are in neither part.
    """
    groups: list[str] = []
    accounts: dict[str, list[str]] = {}
    for member in members:
        one = account(member)
        if not names_accounts(member):
            groups.append(member)
        for name, prefix in clusters.items():
            if one is not None and one.prefix == prefix:
                accounts.setdefault(name, []).append(one.own)
    return groups, accounts
