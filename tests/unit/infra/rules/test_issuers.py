"""Bad settings of issuers that are clusters, and of accounts that no issuer speaks for: one line each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.load import load_settings
from tests.unit.support.entry import KEY, cluster, issuer, with_entry

HERE = "https://kubernetes.default.svc"


def clusters(*said: dict[str, Any]) -> dict[str, Any]:
    return with_entry(issuers=[issuer(), *said])


def access(*groups: str, issuers: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return with_entry({"support": {"access": [{"groups": list(groups)}]}}, issuers=[issuer(), *issuers])


def shop(tenant: str) -> dict[str, Any]:
    """All accounts of a namespace may call the kitchen of helpdesk; one of them is a caller of a tenant."""
    data = access("system:serviceaccounts:shop", issuers=(cluster(),))
    data["tenants"][tenant]["groups"]["caller"].append(SHOP)
    return data


def cleared(*groups: str) -> dict[str, Any]:
    return with_entry(clearances={"confidential": ["helpdesk-callers", *groups]}, issuers=[issuer(), cluster()])


def callers(*groups: str) -> dict[str, Any]:
    data = with_entry(issuers=[issuer(), cluster(), cluster(name="portal", issuer="https://p.example", prefix="p:")])
    data["tenants"]["helpdesk"]["groups"]["caller"] = list(groups)
    return data


SECOND = {"name": "portal", "issuer": "https://portal.kitchen.example:6443"}
SHOP = "system:serviceaccount:shop:backend"
GROUPS = "kitchens.support.access[0].groups: "
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown kind": (clusters(cluster(kind="k8s")), 'entry.issuers.1.kind: "k8s"; rule: must be one of'),
    "groups of a cluster": (
        clusters(cluster(groupsClaim="groups")),
        'entry.issuers.1.groupsClaim: "groups"; rule: a cluster\'s tokens have no groups',
    ),
    "a cluster without an audience": (
        clusters({key: value for key, value in cluster().items() if key != "audience"}),
        "entry.issuers.1.audience: missing",
    ),
    "the audience of the API server": (
        clusters(cluster(audience=HERE)),
        f'entry.issuers.1.audience: "{HERE}"; rule: is the API server\'s own audience',
    ),
    "the same, by its issuer's name": (
        clusters(cluster(issuer="https://oidc.example/id/1", audience="https://oidc.example/id/1")),
        "rule: is the API server's own audience",
    ),
    "the same, in another spelling": (
        clusters(cluster(audience="kubernetes.default.svc.cluster.local.")),
        "rule: is the API server's own audience",
    ),
    "keys at the API server": (
        clusters(cluster(jwks={"url": f"{HERE}/openid/v1/jwks"})),
        "an API server tells its keys to those who sign in, and Envoy does not: put the keys here",
    ),
    "the discovery in place of keys": (
        clusters(cluster(jwks={"keys": json.dumps({"issuer": HERE, "jwks_uri": f"{HERE}/openid/v1/jwks"})})),
        "entry.issuers.1.jwks.keys: ",
    ),
    "tokens that never end": (
        clusters(cluster(issuer="kubernetes/serviceaccount")),
        'entry.issuers.1.issuer: "kubernetes/serviceaccount"; rule: must be the cluster\'s own https address',
    ),
    "two clusters without a prefix": (
        clusters(cluster(), cluster(**SECOND)),
        'entry.issuers.2.prefix: ""; rule: is that of two clusters',
    ),
    "two clusters with one prefix": (
        clusters(cluster(prefix="portal:"), cluster(**SECOND, prefix="portal:")),
        'entry.issuers.1.prefix: "portal:"; rule: is that of two clusters',
    ),
    "two clusters of one issuer": (
        clusters(cluster(), cluster(name="portal", prefix="portal:")),
        f'entry.issuers.2.issuer: "{HERE}"; rule: stands twice',
    ),
    "a prefix without its colon": (clusters(cluster(prefix="portal")), 'entry.issuers.1.prefix: "portal"; rule: '),
    "a prefix of an identity provider": (
        with_entry(issuers=[issuer(prefix="portal:")]),
        'entry.issuers.0.prefix: "portal:"; rule: is for issuers of kind kubernetes',
    ),
    "a cluster as an identity provider": (
        clusters({**cluster(), "kind": "oidc"}),
        'entry.issuers.1.kind: "oidc"; rule: is a cluster',
    ),
    "an account without a cluster": (
        access("system:serviceaccount:portal-dev:backend"),
        f'{GROUPS}"system:serviceaccount:portal-dev:backend"; rule: no issuer of kind kubernetes with no prefix',
    ),
    "an account of a cluster that is not stated": (
        access("protal:system:serviceaccounts:shop", issuers=(cluster(), cluster(**SECOND, prefix="portal:"))),
        f'{GROUPS}"protal:system:serviceaccounts:shop"; rule: no issuer of kind kubernetes with the prefix protal:',
    ),
    "an account of this cluster, where only another one is stated": (
        access("system:serviceaccounts:shop", issuers=(cluster(**SECOND, prefix="portal:"),)),
        "no issuer of kind kubernetes with no prefix is stated",
    ),
    "an account without a name": (
        access("system:serviceaccount:shop", issuers=(cluster(),)),
        f'{GROUPS}"system:serviceaccount:shop"; rule: a ServiceAccount is named with its namespace',
    ),
    "every account of a cluster": (
        access("system:serviceaccounts", issuers=(cluster(),)),
        "rule: a ServiceAccount is named with its namespace",
    ),
    "everybody who signs in": (
        access("system:authenticated", issuers=(cluster(),)),
        "rule: groups that begin with system: hold whole kinds of users",
    ),
    "a namespace as a member of a role": (
        callers("system:serviceaccounts:shop"),
        'tenants.helpdesk.groups.caller[0]: "system:serviceaccounts:shop"; rule: whole kinds of users',
    ),
    "an account of another cluster as a member of a role": (
        callers("p:system:serviceaccount:shop:backend"),
        'caller[0]: "p:system:serviceaccount:shop:backend"; rule: whole kinds of users, and other clusters',
    ),
    "a namespace with an account of another tenant": (
        shop("sales"),
        f'{GROUPS}"system:serviceaccounts:shop"; rule: holds {SHOP}, a caller of tenants.sales',
    ),
    **{
        f"groups in the claim {claim}": (
            with_entry(issuers=[issuer(groupsClaim=claim)]),
            f'entry.issuers.0.groupsClaim: "{claim}"; rule: says something else in every token',
        )
        for claim in ("aud", "iss", "sub", "exp", "nbf", "iat", "jti", "azp", "typ", "sub.groups")
    },
    "everybody who signs in as cleared": (
        cleared("system:authenticated"),
        'entry.clearances.confidential[1]: "system:authenticated"; rule: groups that begin with system:',
    ),
    "an account without a name as cleared": (
        cleared("system:serviceaccount:x"),
        'entry.clearances.confidential[1]: "system:serviceaccount:x"; rule: a ServiceAccount is named with',
    ),
    "white space as cleared": (cleared(" "), 'entry.clearances.confidential.1: " "; rule: must match'),
    "a port that there is not": (
        with_entry(issuers=[issuer(jwks={"url": "https://sso.kitchen.example:99999/keys"})]),
        'entry.issuers.0.jwks.url: "https://sso.kitchen.example:99999/keys"; rule: has a port from 1 to 65535',
    ),
    "port 0": (
        with_entry(issuers=[issuer(jwks={"url": "https://sso.kitchen.example:0/keys"})]),
        'entry.issuers.0.jwks.url: "https://sso.kitchen.example:0/keys"; rule: has a port from 1 to 65535',
    ),
    "an address that is none": (
        clusters(cluster(issuer="https://[::1")),
        'entry.issuers.1.issuer: "https://[::1"; rule: must be the cluster\'s own https address',
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_each_fault_is_told_in_one_line(what: str) -> None:
    data, expected = WRONG[what]
    with pytest.raises(FaultsError) as caught:
        load_settings(data, load_catalog(), "Pulumi.dev.yaml")
    lines = [line for line in str(caught.value).splitlines() if expected in line]
    assert lines, str(caught.value)
    assert "example: " in lines[0]


def test_all_faults_at_once() -> None:
    data = access("system:serviceaccounts", "a:system:serviceaccounts:b", issuers=(cluster(groupsClaim="a.b"),))
    data["entry"]["issuers"][1]["audience"] = HERE
    with pytest.raises(FaultsError) as caught:
        load_settings(data, load_catalog(), "Pulumi.dev.yaml")
    said = str(caught.value)
    assert [part for part in ("groupsClaim", "audience", ":b", 'accounts"') if part not in said] == []


def test_a_namespace_may_hold_an_account_of_the_same_tenant() -> None:
    assert load_settings(shop("helpdesk"), load_catalog()).entry is not None


def test_accounts_may_be_cleared() -> None:
    assert load_settings(cleared(SHOP), load_catalog()).entry is not None


GOOD: dict[str, tuple[dict[str, Any], ...]] = {
    "this cluster": (cluster(),),
    "this cluster and another": (cluster(), cluster(**SECOND, prefix="portal:")),
    "keys of a cloud": (
        cluster(
            issuer="https://oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF",
            jwks={"url": "https://oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF/keys"},
        ),
    ),
    "an issuer with a slash at its end": (
        cluster(
            issuer="https://japaneast.oic.prod-aks.azure.com/a/b/",
            jwks={"url": "https://japaneast.oic.prod-aks.azure.com/a/b/openid/v1/jwks"},
        ),
    ),
    "a hosted control plane": (cluster(issuer="https://d1example.cloudfront.net"),),
}


@pytest.mark.parametrize("what", GOOD)
def test_what_is_right_passes(what: str) -> None:
    said = load_settings(clusters(*GOOD[what]), load_catalog()).entry
    assert said is not None
    assert [one.is_cluster for one in said.issuers] == [False, *(True for _ in GOOD[what])]
    assert json.loads(issuer()["jwks"]["keys"])["keys"] == [KEY]
