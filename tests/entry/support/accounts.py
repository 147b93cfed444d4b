"""Tokens of ServiceAccounts, and of all who would like to pass for one."""

from __future__ import annotations

import time
from typing import Any

from tests.entry.support.tokens import CLUSTER, HOUR, IDP, PORTAL, Providers, account_claims

BACKEND, ALL_OF_ARCHIVE = "system:serviceaccount:shop:backend", "system:serviceaccounts:archive"
PORTALS_BACKEND, ALL_OF_PORTALS_SHOP = f"portal:{BACKEND}", "portal:system:serviceaccounts:shop"
"""Members of the table: one account, all of a namespace, and the same of another cluster."""


def accounts(of: Providers) -> dict[str, str]:
    """Tokens by the caller's name in the table."""
    return {**_good(of), **_others(of), **_bent(of), **_posing(of)}


def _good(of: Providers) -> dict[str, str]:
    return {
        "pod of shop": of.of_cluster("shop", "backend"),
        "pod of archive": of.of_cluster("archive", "reader"),
        "another pod of archive": of.of_cluster("archive", "default"),
        "pod of the portal's shop": of.of_portal("shop", "backend"),
        "another pod of the portal's shop": of.of_portal("shop", "web"),
        "token of kubectl": of.of_cluster("shop", "backend", **{"kubernetes.io": _bound("shop", "backend")}),
    }


def _others(of: Providers) -> dict[str, str]:
    """Good tokens of accounts that nobody has named."""
    return {
        "pod of another name": of.of_cluster("shop", "backend2"),
        "pod of another namespace": of.of_cluster("shop-dev", "backend"),
        "pod of the portal's archive": of.of_portal("archive", "reader"),
        "pod of a longer namespace": of.of_cluster("archive-2", "reader"),
        "name with a point": of.of_cluster("shop", "backend.v2"),
    }


def _bent(of: Providers) -> dict[str, str]:
    """What the cluster would not sign, signed by it: each place of a token must say the same."""
    now = int(time.time())
    return {
        "pod, for the API server": of.of_cluster("shop", "backend", aud=["https://kubernetes.default.svc"]),
        "pod, expired": of.of_cluster("shop", "backend", iat=now - 2 * HOUR, exp=now - HOUR),
        "pod, without an end": of.of_cluster("shop", "backend", exp=None),
        "pod, for a year": of.of_cluster("shop", "backend", exp=now + 365 * 24 * HOUR),
        "subject of others": of.of_cluster("guests", "web", sub=BACKEND),
        "namespace of others": of.of_cluster("guests", "web", **{"kubernetes.io": _bound("archive", "web")}),
        "name of others": of.of_cluster("shop", "web", **{"kubernetes.io": _bound("shop", "backend")}),
        "another name in the claims": of.of_cluster("shop", "backend", **{"kubernetes.io": _bound("shop", "web")}),
        "subject alone": of.of_cluster("shop", "backend", **{"kubernetes.io": None}),
        "claims alone": of.of_cluster("shop", "backend", sub="ana"),
        "claims as texts": of.of_cluster("archive", "reader", **{"kubernetes.io": "archive"}),
        "namespace as a list": of.of_cluster("archive", "reader", **{"kubernetes.io": _bound(["archive"], "reader")}),
        "claims in parts of a name": of.of_cluster(
            "archive", "reader", **{"kubernetes.io": None, "kubernetes": {"io": _bound("archive", "reader")}}
        ),
        "claims of older tokens": of.of_cluster("archive", "reader", **{"kubernetes.io": None, **_OLD}),
        "account with groups": of.of_cluster("guests", "web", groups=["helpdesk", "legal", BACKEND, ALL_OF_ARCHIVE]),
    }


_OLD = {"kubernetes.io/serviceaccount/namespace": "archive", "kubernetes.io/serviceaccount/service-account.name": "a"}


def _posing(of: Providers) -> dict[str, str]:
    """Tokens of others with the very claims of a pod."""
    pod = ("shop", "backend")
    every = [BACKEND, ALL_OF_ARCHIVE, PORTALS_BACKEND, ALL_OF_PORTALS_SHOP, "system:serviceaccounts"]
    stranger = "https://kubernetes.default.svc"
    return {
        "pod of a strange cluster": of.stranger.sign(account_claims(stranger, *pod)),
        "pod of a strange cluster, of our issuer's name": of.stranger.sign(account_claims(CLUSTER, *pod)),
        "the same, by our key's name": of.stranger.sign(account_claims(CLUSTER, *pod), kid="cluster-1"),
        "pod of the portal, as ours": of.portal.sign(account_claims(CLUSTER, *pod), kid="portal-1"),
        "pod of ours, as the portal's": of.cluster.sign(account_claims(PORTAL, *pod), kid="cluster-1"),
        "older token of the cluster": of.cluster.sign(account_claims("kubernetes/serviceaccount", *pod, exp=None)),
        "groups like accounts": of.of_idp(sub="dan", groups=every),
        "roles like accounts": of.of_realm(every, sub="dan"),
        "subject and claims of an account": of.idp.sign(account_claims(IDP, *pod, groups=every)),
        "account's name as subject": of.of_idp(sub=BACKEND, groups=["visitors"]),
    }


def _bound(namespace: Any, name: str) -> dict[str, Any]:
    return {"namespace": namespace, "serviceaccount": {"name": name, "uid": "1b2c3d4e-5f60-4172-8394-a5b6c7d8e9f0"}}
