"""Settings with an entry, for tests: those of dev in Git, and an issuer whose keys stand in them."""

from __future__ import annotations

import copy
import json
from typing import Any

from infra.load import read_stack_file
from tools.local.workspace import REPOSITORY

KEY = {
    "kty": "EC",
    "kid": "2026-11",
    "alg": "ES256",
    "use": "sig",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
"""The public key of RFC 7517, appendix A.1."""


def issuer(**changes: Any) -> dict[str, Any]:
    """One issuer with its key in Git."""
    said = {
        "name": "corporate",
        "issuer": "https://sso.kitchen.example/realms/kitchen",
        "audience": "kitchen",
        "jwks": {"keys": json.dumps({"keys": [KEY]})},
    }
    return {**said, **changes}


def cluster(**changes: Any) -> dict[str, Any]:
    """An issuer that is a cluster, with its key in Git: kubeadm and OpenShift name it so."""
    return issuer(**{"name": "cluster", "kind": "kubernetes", "issuer": "https://kubernetes.default.svc", **changes})


def with_entry(kitchens: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """The settings of dev with an entry; `kitchens` are changes of kitchens by name, None takes a key away."""
    data = copy.deepcopy(read_stack_file(REPOSITORY / "Pulumi.dev.yaml"))
    entry = {"host": "ai.dev.kitchen.example", "tls": {"issuer": "kitchen-ca"}, "issuers": [issuer()]}
    data["entry"] = {key: value for key, value in {**entry, **changes}.items() if value is not None}
    for name, said in (kitchens or {}).items():
        data["kitchens"][name] = {**data["kitchens"].get(name, {}), **said}
    return data
