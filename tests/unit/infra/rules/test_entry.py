"""Bad settings of the entry: one line each, with path, rule and example; nothing of a private key is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.load import load_settings
from tests.unit.support.entry import KEY, issuer, with_entry

CANARY = "c4n4ry-of-a-private-key"


def told(data: dict[str, Any]) -> str:
    with pytest.raises(FaultsError) as caught:
        load_settings(data, load_catalog(), "Pulumi.dev.yaml")
    assert CANARY not in str(caught.value)
    return str(caught.value)


def keys(*entries: object) -> dict[str, Any]:
    return with_entry(issuers=[issuer(jwks={"keys": json.dumps({"keys": list(entries)})})])


def access(**entry: Any) -> dict[str, Any]:
    return with_entry({"support": {"access": [{"groups": ["helpdesk-callers"], **entry}]}})


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no host": (with_entry(host=None), "entry.host: missing"),
    "no issuer": (with_entry(issuers=[]), "entry.issuers: []; rule: must have at least 1 entries"),
    "no audience": (
        with_entry(issuers=[{key: value for key, value in issuer().items() if key != "audience"}]),
        "entry.issuers.0.audience: missing",
    ),
    "no keys": (with_entry(issuers=[issuer(jwks={})]), "entry.issuers.0.jwks: {}; rule: must have at least 1"),
    "two kinds of keys": (
        with_entry(issuers=[issuer(jwks={"keys": "{}", "url": "https://sso.kitchen.example/keys"})]),
        "rule: must have at most 1 entries",
    ),
    "keys that are no JSON": (
        with_entry(issuers=[issuer(jwks={"keys": "-----BEGIN PUBLIC KEY-----"})]),
        'entry.issuers.0.jwks.keys: "(26 characters)"; rule: must be a JSON Web Key Set',
    ),
    "an empty key set": (keys(), "must be a JSON Web Key Set: JSON with `keys`, one at least"),
    "a key without a curve": (keys({"kty": "EC", "x": "a", "y": "b"}), "key 1 is no public key of kind RSA, EC, OKP"),
    "a shared secret": (keys({"kty": "oct", "k": CANARY}), "holds a private key or a shared secret"),
    "a private key": (keys({**KEY, "d": CANARY}), "holds a private key or a shared secret"),
    "a private key as PEM": (
        with_entry(issuers=[issuer(jwks={"keys": f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n"})]),
        "holds a private key or a shared secret",
    ),
    "two keys of one name": (keys(KEY, KEY), "each of several keys has a `kid` of its own"),
    "two issuers of one name": (
        with_entry(issuers=[issuer(), issuer(issuer="https://other.kitchen.example")]),
        'entry.issuers.1.name: "corporate"; rule: each issuer has a name of its own',
    ),
    "one issuer twice": (
        with_entry(issuers=[issuer(), issuer(name="again")]),
        'entry.issuers.1.issuer: "https://sso.kitchen.example/realms/kitchen"; rule: stands twice',
    ),
    "two certificates": (with_entry(tls={"issuer": "a", "secret": "b"}), "entry.tls: "),
    "one replica": (with_entry(replicas=1), "entry.replicas: 1; rule: must be at least 2"),
    "a limit of 0": (
        with_entry(limits={"requestsPerMinute": 0}),
        "entry.limits.requestsPerMinute: 0; rule: must be at least 1",
    ),
    "tokens that nobody counts": (
        with_entry(limits={"tokensPerMinute": 1000}),
        "entry.limits.tokensPerMinute: 1000; rule: tokens are counted for all replicas together",
    ),
    "requests that nobody counts": (
        with_entry(limits={"requestsPerMinute": 10}, counter="none"),
        "entry.limits.requestsPerMinute: 10; rule: nobody counts",
    ),
    "tokens of an access that nobody counts": (
        access(tokensPerMonth=1000),
        "kitchens.support.access[0].tokensPerMonth: 1000; rule: tokens are counted for all replicas together",
    ),
    "a group for a model that there is not": (
        access(models=["helpdesk-fax"]),
        'kitchens.support.access[0].models: "helpdesk-fax"; rule: must be an adapter of the kitchen, or base',
    ),
    "one public name in two kitchens": (
        with_entry(
            {"summary": {"tenant": "sales", "adapters": ["sales-summary/v2026-03-15", "helpdesk-faq/v2026-02-01"]}}
        ),
        'kitchens.summary.adapters: "helpdesk-faq"; rule: is a model of kitchens.support.adapters too',
    ),
    "an image that the catalog lacks": (with_entry(image="proxy"), 'entry.image: "proxy"; rule: must be an image of'),
    "an unknown key": (with_entry(jwks={}), "entry.jwks: {}; rule: unknown key"),
    "inputs of nothing": (
        with_entry({"support": {"inputs": {"maxTokens": 0}}}),
        "kitchens.support.inputs.maxTokens: 0; rule: must be at least 1",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_each_fault_is_told_in_one_line(what: str) -> None:
    data, expected = WRONG[what]
    said = told(data)
    assert expected in said, said
    assert "example: " in next(line for line in said.splitlines() if expected.split(";")[0] in line)


def test_all_faults_at_once() -> None:
    data = with_entry(
        {"support": {"access": [{"groups": ["a"], "models": ["nothing"]}]}},
        issuers=[issuer(), issuer(name="again")],
        limits={"tokensPerMinute": 5},
    )
    said = told(data)
    assert all(part in said for part in ("stands twice", "access[0].models", "limits.tokensPerMinute"))


def test_access_without_an_entry_is_refused() -> None:
    data = access(models=["helpdesk-faq"])
    del data["entry"]
    assert "kitchens.support.access: 1; rule: nobody decides by it: this file states no entry" in told(data)


def test_openshift_ai_has_a_proxy_of_its_own() -> None:
    data = with_entry()
    data["platform"] = {"kind": "openshift", "openshiftAI": True}
    assert 'entry: "ai.dev.kitchen.example"; rule: OpenShift AI checks calls with a proxy of its own' in told(data)


def test_the_shared_counter_runs_by_images_of_the_catalog() -> None:
    data = with_entry(counter="shared")
    data["environment"] = "prod"
    assert 'entry.counter: "image ratelimit"; rule: is candidate in the catalog, prod takes approved' in told(data)
