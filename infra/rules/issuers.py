"""Rules about whose tokens the entry believes: identity providers, and clusters for their ServiceAccounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from components.accounts import account, names_accounts
from infra.entry_settings import EntrySettings, Issuer
from infra.faults import Fault
from infra.rules.json_web_keys import keys_faults

_API_SERVER = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
"""Host names of a cluster's API server within it; its own tokens have one of them as audience (kubeadm, OpenShift)."""

_CLAIMS = ("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "azp", "typ")
"""Claims whose meaning is fixed (RFC 7519, section 4.1; OpenID Connect Core, section 2; RFC 9068): never groups."""

_SYSTEM = "system:"
_ACCOUNT = "system:serviceaccount:portal-dev:backend"


def issuers_faults(entry: EntrySettings) -> Iterator[Fault]:
    """What keeps tokens from being told apart, or an issuer from being asked."""
    names = Counter(issuer.name for issuer in entry.issuers)
    said = Counter(issuer.issuer for issuer in entry.issuers)
    prefixes = Counter(issuer.prefix for issuer in entry.issuers if issuer.is_cluster)
    for index, issuer in enumerate(entry.issuers):
        path = f"entry.issuers.{index}"
        if names[issuer.name] > 1:
            rule = "each issuer has a name of its own"
            yield Fault(path=f"{path}.name", value=issuer.name, rule=rule, example="partners")
        if said[issuer.issuer] > 1:
            rule = "stands twice: a token says its issuer, and one set of keys and one audience hold for it"
            yield Fault(path=f"{path}.issuer", value=issuer.issuer, rule=rule, example="one entry for each issuer")
        if issuer.is_cluster:
            yield from _cluster(path, issuer)
            if prefixes[issuer.prefix] > 1:
                rule = "is that of two clusters: accounts of one would be taken for accounts of the other"
                yield Fault(path=f"{path}.prefix", value=issuer.prefix, rule=rule, example="portal:")
        else:
            yield from _provider(path, issuer)
        if issuer.jwks.url is not None and not _has_port(issuer.jwks.url):
            rule = "has a port from 1 to 65535, or none"
            example = "https://sso.kitchen.example:8443/realms/kitchen/protocol/openid-connect/certs"
            yield Fault(path=f"{path}.jwks.url", value=issuer.jwks.url, rule=rule, example=example)
        yield from keys_faults(f"{path}.jwks.keys", issuer.jwks.keys)


def member_faults(path: str, entry: EntrySettings, member: str) -> Iterator[Fault]:
    """What keeps a member of `access` from being a group of tokens, or accounts of a cluster that is known."""
    who = account(member)
    if who is None:
        if names_accounts(member):
            rule = "a ServiceAccount is named with its namespace, and all of a namespace by system:serviceaccounts:"
            yield Fault(path=path, value=member, rule=rule, example=_ACCOUNT)
        elif member.startswith(_SYSTEM):
            rule = "groups that begin with system: hold whole kinds of users, such as everybody who signs in"
            yield Fault(path=path, value=member, rule=rule, example="helpdesk-callers")
        return
    if who.prefix not in {issuer.prefix for issuer in entry.issuers if issuer.is_cluster}:
        what = f"the prefix {who.prefix}" if who.prefix else "no prefix"
        rule = f"no issuer of kind kubernetes with {what} is stated, so no token says that it is one of them"
        yield Fault(path=path, value=member, rule=rule, example="entry: {issuers: [{kind: kubernetes, ...}], ...}")


def _cluster(path: str, issuer: Issuer) -> Iterator[Fault]:
    if issuer.groups_claim_stated:
        rule = "a cluster's tokens have no groups: name accounts, as system:serviceaccount:<namespace>:<name>"
        yield Fault(path=f"{path}.groupsClaim", value=issuer.groups_claim, rule=rule, example=f"groups: [{_ACCOUNT}]")
    if not issuer.issuer.startswith("https://") or not _host(issuer.issuer):
        rule = "must be the cluster's own https address: older tokens, of kubernetes/serviceaccount, never end"
        example = "https://kubernetes.default.svc.cluster.local"
        yield Fault(path=f"{path}.issuer", value=issuer.issuer, rule=rule, example=example)
    if issuer.audience == issuer.issuer or _host(issuer.audience) in _API_SERVER:
        rule = "is the API server's own audience: a token that is sent to the entry would open the cluster too"
        yield Fault(path=f"{path}.audience", value=issuer.audience, rule=rule, example="kitchen")
    if issuer.jwks.url is not None and _host(issuer.jwks.url) in _API_SERVER:
        rule = "an API server tells its keys to those who sign in, and Envoy does not: put the keys here"
        example = "jwks: {keys: '...'}, as kubectl get --raw /openid/v1/jwks prints them"
        yield Fault(path=f"{path}.jwks.url", value=issuer.jwks.url, rule=rule, example=example)


def _provider(path: str, issuer: Issuer) -> Iterator[Fault]:
    if issuer.prefix:
        rule = "is for issuers of kind kubernetes: groups of an identity provider are taken as its tokens name them"
        yield Fault(path=f"{path}.prefix", value=issuer.prefix, rule=rule, example="kind: kubernetes")
    if issuer.groups_claim.split(".")[0] in _CLAIMS:
        rule = f"says something else in every token; so do {', '.join(_CLAIMS)}"
        yield Fault(path=f"{path}.groupsClaim", value=issuer.groups_claim, rule=rule, example="groups")
    if _host(issuer.issuer) in _API_SERVER:
        rule = "is a cluster: its tokens have no groups, and of kind oidc nobody could call with one"
        yield Fault(path=f"{path}.kind", value=issuer.kind, rule=rule, example="kind: kubernetes")


def _has_port(url: str) -> bool:
    """Whether a port that is stated is one."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _host(address: str) -> str:
    """The host of an address, also where the scheme is left out; "" where there is none."""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        return (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""
