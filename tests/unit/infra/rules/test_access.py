"""Faults of access, priority, platform and network settings: each with path, rule and example, none with a secret."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.catalog import Catalog, load_catalog
from infra.faults import FaultsError
from infra.load import load_settings, read_stack_file, settings_from_engine, settings_from_file
from infra.secret_settings import without_secrets
from infra.settings import SecretText, Settings
from tools.local.workspace import REPOSITORY

CANARY = "canary-5b1e-not-to-be-seen"
GOOD = {"auths": {"registry.kitchen.example": {"auth": base64.b64encode(b"robot:" + CANARY.encode()).decode()}}}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A self-signed authority, as openssl makes it."""
    folder = tmp_path_factory.mktemp("pki")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-subj", "/CN=kitchen test authority", "-days", "2", "-keyout", "ca.key", "-out", "ca.crt"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / "ca.crt").read_text()


def load(changes: dict[str, Any], catalog: Catalog, stack: str = "dev") -> Settings:
    data = read_stack_file(REPOSITORY / f"Pulumi.{stack}.yaml")
    for path, value in changes.items():
        *parents, last = path.split("/")
        place = data
        for key in parents:
            place = place.setdefault(key, {})
        place[last] = value
    return load_settings(data, catalog, f"Pulumi.{stack}.yaml")


def told(changes: dict[str, Any], catalog: Catalog) -> str:
    with pytest.raises(FaultsError) as caught:
        load(changes, catalog)
    message = str(caught.value)
    assert CANARY not in message
    for line in message.splitlines()[1:]:
        assert "rule:" in line
        assert "example:" in line
    return message


OPENSHIFT = {"kind": "openshift"}
ROUTES = {"domain": "apps.kitchen.example", "allowedSources": ["10.20.0.0/16"]}
BAD: list[tuple[str, dict[str, Any], list[str]]] = [
    ("unknown role", {"groups/boss": ["x"]}, ["groups.boss", "unknown key", "platform"]),
    ("tenant role for all tenants", {"groups/caller": ["x"]}, ["groups.caller", "unknown key"]),
    ("wildcard", {"groups/operations": ["*"]}, ["groups.operations.0", "must match"]),
    ("line break", {"groups/operations": ["ops\n"]}, ["groups.operations.0", "must match"]),
    *(
        (
            f"group {name}",
            {f"tenants/sales/groups/{role}": [name]},
            [f"tenants.sales.groups.{role}[0]", "whole kinds of users", "example: "],
        )
        for name in ("system:authenticated", "system:unauthenticated", "system:masters", "system:serviceaccounts:x")
        for role in ("owner", "caller")
    ),
    (
        "service account that reads",
        {"groups/auditor": ["system:serviceaccount:portal:backend"]},
        ["groups.auditor[0]", "whole kinds of users"],
    ),
    (
        "service account without a name",
        {"tenants/sales/groups/caller": ["system:serviceaccount:portal"]},
        ["named with its namespace", "system:serviceaccount:portal-dev:backend"],
    ),
    (
        "reader of all tenants that calls",
        {"tenants/sales/groups/caller": ["ai-operations"]},
        ["tenants.sales.groups.caller[0]", "is groups.operations too"],
    ),
    (
        "auditor that operates",
        {"groups/operations": ["internal-audit"]},
        ["groups.operations[0]", "is groups.auditor too"],
    ),
    ("system priority", {"priority": {"value": 1_000_000_000}}, ["priority.value", "below 1000000000"]),
    ("negative priority", {"priority": {"value": -1}}, ["priority.value", "at least 0"]),
    ("OpenShift AI elsewhere", {"platform/openshiftAI": True}, ["platform.openshiftAI", "kind: openshift"]),
    ("Routes elsewhere", {"platform/routes": ROUTES}, ["platform.routes", "platform.kind is kubernetes"]),
    (
        "Routes for everybody",
        {"platform": {**OPENSHIFT, "routes": {"domain": "apps.kitchen.example"}}},
        ["platform.routes.allowedSources: missing", "no authentication"],
    ),
    (
        "Routes twice",
        {"platform": {**OPENSHIFT, "openshiftAI": True, "routes": ROUTES}},
        ["platform.routes", "OpenShift AI makes the Routes"],
    ),
    (
        "Route from anywhere",
        {"platform": {**OPENSHIFT, "routes": {**ROUTES, "allowedSources": ["0.0.0.0/0"]}}},
        ["platform.routes.allowedSources[0]", "is every address"],
    ),
    (
        "network with host bits",
        {"objectStore/network": {"cidrs": ["10.0.0.1/8"]}},
        ["objectStore.network.cidrs[0]", "host bits"],
    ),
    (
        "store in two places",
        {"objectStore/network": {"cidrs": ["10.0.0.0/8"], "namespace": "minio"}},
        ["objectStore.network", "state one of both"],
    ),
]


@pytest.mark.parametrize(("changes", "texts"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_settings_are_told(changes: dict[str, Any], texts: list[str], catalog: Catalog) -> None:
    message = told(changes, catalog)
    for text in texts:
        assert text in message


def test_a_host_that_is_no_label_is_told(catalog: Catalog) -> None:
    """The predictor's own name is longer than the host, so both are told."""
    one = {"tenant": "t" * 40, "baseModel": "tsuzumi-7b-instruct/v1", "pool": "l40s"}
    tenant = {"owner": "x", "costCentre": "1", "quota": {"gpus": 4}}
    changes = {"platform": {**OPENSHIFT, "routes": ROUTES}, "tenants": {"t" * 40: tenant}, "kitchens": {"k" * 40: one}}
    assert "the first part of its Route's host composed from it has 85 characters" in told(changes, catalog)


def test_two_kitchens_with_one_host_are_told(catalog: Catalog) -> None:
    sales = {"owner": "x", "costCentre": "1", "quota": {"gpus": 4}}
    one = {"baseModel": "tsuzumi-7b-instruct/v1", "pool": "l40s"}
    changes = {
        "platform": {**OPENSHIFT, "routes": ROUTES},
        "tenants": {"b": sales, "a-b": sales},
        "kitchens": {"x-a": {**one, "tenant": "b"}, "x": {**one, "tenant": "a-b"}},
    }
    assert 'kitchens.x: "x-a-b-dev"; rule: its Route would have the same host as that of kitchens.x-a' in told(
        changes, catalog
    )


def test_an_owner_may_call_and_service_accounts_too(catalog: Catalog) -> None:
    callers = ["sales-owners", "system:serviceaccount:portal-dev:backend"]
    loaded = load({"tenants/sales/groups/caller": callers}, catalog)
    assert loaded.tenants["sales"].groups["caller"] == tuple(callers)


def test_prod_comes_before_dev(catalog: Catalog) -> None:
    dev, prod = (load({}, catalog, stack).priority for stack in ("dev", "prod"))
    assert prod.value > dev.value
    assert (dev.preempt, prod.preempt) == (False, True)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (CANARY, "must be JSON"),
        (json.dumps([CANARY]), "docker's config JSON with `auths`"),
        (json.dumps({"auths": CANARY}), "docker's config JSON with `auths`"),
        (json.dumps({"auths": {"other.example": {"auth": CANARY}}}), "no entry for the registry"),
        (json.dumps({"auths": {"registry.kitchen.example": {"auth": CANARY}}}), "must have `auth`"),
        (json.dumps({"auths": {"registry.kitchen.example": {"username": CANARY}}}), "must have `auth`"),
        (json.dumps({"auths": {"registry.kitchen.example": CANARY}}), "must have `auth`"),
    ],
)
def test_wrong_credentials_are_told_and_not_shown(text: str, rule: str, catalog: Catalog) -> None:
    message = told({"pullSecret": "pull", "registryCredentials": SecretText(value=text)}, catalog)
    assert f'registryCredentials: "(not shown)"; rule: {rule}' in message or rule in message


@pytest.mark.parametrize("address", ["registry.kitchen.example", "https://registry.kitchen.example/v1/"])
def test_right_credentials_are_taken_and_never_shown(address: str, catalog: Catalog) -> None:
    text = json.dumps({"auths": {address: {"username": "robot", "password": CANARY}}})
    loaded = load({"pullSecret": "pull", "registryCredentials": SecretText(value=text)}, catalog)
    assert loaded.registry_credentials is not None
    assert loaded.registry_credentials.value == text
    assert CANARY not in repr(loaded)


def test_credentials_need_a_secret_s_name(catalog: Catalog) -> None:
    message = told({"registryCredentials": SecretText(value=json.dumps(GOOD))}, catalog)
    assert "pullSecret names the Secret" in message


@pytest.mark.parametrize("value", [CANARY, GOOD, {"secure": {"x": CANARY}}, [CANARY], {"secure": "v1:x", "y": CANARY}])
def test_credentials_in_clear_text_are_a_fault_that_does_not_show_them(value: object, catalog: Catalog) -> None:
    assert "must not stand in clear text" in told({"pullSecret": "pull", "registryCredentials": value}, catalog)


def test_the_engine_says_what_is_secret(monkeypatch: pytest.MonkeyPatch, catalog: Catalog, tmp_path: Path) -> None:
    data = read_stack_file(REPOSITORY / "Pulumi.dev.yaml") | {"pullSecret": "pull"}
    config = {f"kitchen:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in data.items()}
    config["kitchen:registryCredentials"] = json.dumps(GOOD)
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(config))
    with pytest.raises(FaultsError, match="must not stand in clear text") as caught:
        settings_from_engine("dev", catalog)
    assert CANARY not in str(caught.value)
    monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", json.dumps(["kitchen:registryCredentials"]))
    assert settings_from_engine("dev", catalog).registry_credentials == SecretText(value=json.dumps(GOOD))
    monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", json.dumps(["kitchen:registry", "kitchen:registryCredentials"]))
    with pytest.raises(FaultsError, match="must be open to review"):
        settings_from_engine("dev", catalog)
    path = tmp_path / "Pulumi.dev.yaml"
    encrypted = "\n  kitchen:pullSecret: pull\n  kitchen:registryCredentials: {secure: v1:abc}\n"
    path.write_text((REPOSITORY / "Pulumi.dev.yaml").read_text() + encrypted)
    assert settings_from_file(path, catalog).registry_credentials == SecretText(value=None)


def bundle(text: str) -> dict[str, Any]:
    return {"objectStore/tls": {"caBundle": "kitchen-ca", "certificates": text}}


def test_certificates_are_taken(certificate: str, catalog: Catalog) -> None:
    text = f"# our authority\n{certificate}{certificate}"
    assert load(bundle(text), catalog).object_store.certificates == text


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda text: "", "must be certificates as PEM"),
        (lambda text: "nothing", "must be certificates as PEM"),
        (lambda text: text.replace("-----END CERTIFICATE-----", ""), "must be certificates as PEM"),
        (lambda text: text + "-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n", "must be certificates as PEM"),
        (lambda text: text + text.replace("MII", "XII"), "certificate 2 of 2 cannot be read"),
        (lambda text: text + f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n", "a private key"),
        (lambda text: f"-----BEGIN EC PRIVATE KEY-----\n{CANARY}", "a private key"),
        (lambda text: text * 3000, "which no ConfigMap holds"),
    ],
)
def test_wrong_certificates_are_told_in_short(change: Any, rule: str, certificate: str, catalog: Catalog) -> None:
    message = told(bundle(change(certificate)), catalog)
    assert rule in message
    assert "MII" not in message


def test_local_commands_stand_in_for_what_another_passphrase_encrypted() -> None:
    config = {"kitchen:pullSecret": "pull", "kitchen:registryCredentials": {"secure": "v1:abc"}}
    assert without_secrets(config, "kitchen:") == {**config, "kitchen:registryCredentials": "render-only"}
    plain = {"kitchen:registryCredentials": CANARY}
    assert without_secrets(plain, "kitchen:") == plain, "what is not encrypted stays, and is told as a fault"
