"""No fault shows a private key that stands where an issuer's keys do, in whatever form it was written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.catalog import load_catalog
from infra.faults import HIDDEN, Fault, FaultsError
from infra.load import load_settings
from tests.unit.support.entry import KEY, issuer, with_entry

CANARY = "c4n4ry"
PRIVATE = {**KEY, "d": CANARY}
URL = "https://sso.kitchen.example:8443/realms/kitchen/certs"
HERE = "entry.issuers.0.jwks"


def keys(jwks: Any) -> dict[str, Any]:
    return with_entry(issuers=[issuer(jwks=jwks)])


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a mapping": (keys({"keys": {"keys": [PRIVATE]}}), f'{HERE}.keys: "{HIDDEN}"; rule: must be of type string'),
    "a short mapping": (keys({"keys": {"d": CANARY}}), f'{HERE}.keys: "{HIDDEN}"; rule: must be of type string'),
    "a list": (keys([{"d": CANARY}]), f'{HERE}: "{HIDDEN}"; rule: must be of type object'),
    "a text": (keys(CANARY), f'{HERE}: "{HIDDEN}"; rule: must be of type object'),
    "JSON in place of an address": (
        keys({"url": json.dumps({"d": CANARY})}),
        f'{HERE}.url: "{HIDDEN}"; rule: must match',
    ),
    "a member beside the keys": (
        keys({"keys": json.dumps({"keys": [KEY]}), "d": CANARY}),
        f'{HERE}.d: "{HIDDEN}"; rule: unknown key',
    ),
    "a member alone": (keys({"d": CANARY}), f'{HERE}.d: "{HIDDEN}"; rule: unknown key'),
    "a key that is the secret": (keys({CANARY: None}), f'{HERE}.{HIDDEN}: "{HIDDEN}"; rule: unknown key'),
    "a key that is no text": (keys({"keys": {1: CANARY}}), f'{HERE}.keys.1: "{HIDDEN}"; rule: a key must be text'),
    "a number": (keys({"keys": 40440}), f'{HERE}.keys: "{HIDDEN}"; rule: must be of type string'),
    "an issuer that is no list": (
        with_entry(issuers={"jwks": {"d": CANARY}}),
        f'entry.issuers: {{"jwks": "{HIDDEN}"}}; rule: must be of type array',
    ),
    "keys of the entry": (with_entry(jwks={"d": CANARY}), f'entry.jwks: "{HIDDEN}"; rule: unknown key'),
    "a key elsewhere": (with_entry(key={"kty": "oct", "k": CANARY}), f'entry.key: "{HIDDEN}"; rule: unknown key'),
    "a key as text elsewhere": (
        with_entry(key=json.dumps({"kty": "oct", "k": CANARY})),
        f"entry.key: {HIDDEN}; rule: unknown key",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_nothing_of_it_is_shown(what: str) -> None:
    data, line = WRONG[what]
    with pytest.raises(FaultsError) as caught:
        load_settings(data, load_catalog(), "Pulumi.dev.yaml")
    assert line in str(caught.value)
    assert CANARY not in str(caught.value) and "40440" not in str(caught.value)
    assert all(CANARY not in repr(fault) for fault in caught.value.faults if "elsewhere" not in what)


def test_a_well_formed_address_is_shown() -> None:
    with pytest.raises(FaultsError) as caught:
        load_settings(with_entry(issuers={"jwks": {"url": URL}}), load_catalog())
    assert URL in str(caught.value)
    assert URL in str(Fault(path=f"{HERE}.url", value=URL, rule="b", example="c"))


def test_a_depth_that_nobody_reads_is_hidden() -> None:
    value: Any = {"jwks": {"d": CANARY}}
    for _ in range(100_000):
        value = [value]
    assert CANARY not in str(Fault(path="a", value=value, rule="b", example="c"))
