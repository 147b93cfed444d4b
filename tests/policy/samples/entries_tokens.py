"""Samples of the rule on entries: who signs the tokens of callers."""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import MISSING, UNKNOWN_VALUE, Sample, table

_LOGIN, _STRANGER = "https://login.kitchen.example", "https://login.attacker.example"
_NO_ISSUER = "and the configuration of this rule lists no such issuer of tokens"
_CONFIG = {"issuers": [_LOGIN]}


def _kind(version: str, kind: str, spec: dict[str, Any], path: str) -> tuple[Sample, ...]:
    inputs = manifest(version, kind, spec)
    token = f"kubernetes:{version}:{kind}"
    return (
        *table(
            token,
            inputs,
            (f"{kind} by a listed issuer", {}),
            (f"{kind} by another one", {path: _STRANGER}, f"is {_STRANGER!r}, {_NO_ISSUER}"),
            (f"{kind} by one that begins so", {path: f"{_LOGIN}.attacker.example"}, _NO_ISSUER),
            (f"{kind} by none", {path: MISSING}, f"is missing, {_NO_ISSUER}"),
            (f"{kind} by one that is not known", {path: UNKNOWN_VALUE}, "is not known before the update"),
            config=_CONFIG,
        ),
        *table(token, inputs, (f"{kind} where none is listed", {}, _NO_ISSUER)),
    )


SAMPLES: dict[str, tuple[Sample, ...]] = {
    "entry-guarded": (
        *_kind(
            "security.istio.io/v1",
            "RequestAuthentication",
            {"jwtRules": [{"issuer": _LOGIN, "jwksUri": f"{_LOGIN}/keys"}]},
            "spec jwtRules 0 issuer",
        ),
        *_kind(
            "kuadrant.io/v1",
            "AuthPolicy",
            {"rules": {"authentication": {"a": {"jwt": {"issuerUrl": _LOGIN}}}}},
            "spec rules authentication a jwt issuerUrl",
        ),
        *_kind(
            "gateway.envoyproxy.io/v1alpha1",
            "SecurityPolicy",
            {"jwt": {"providers": [{"name": "a", "issuer": _LOGIN}]}},
            "spec jwt providers 0 issuer",
        ),
    ),
}
