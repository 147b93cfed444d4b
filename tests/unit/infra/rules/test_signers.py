"""Signers in the settings: what they must be, what they ask of adapters, and what of them reaches the pods."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from components.serving import AdapterFetch
from components.serving.adapters import SCRIPTS
from infra.catalog import Catalog, FileSum, load_catalog
from infra.faults import FaultsError
from infra.load import load_settings, read_stack_file
from infra.payload.signer_keys import signers_faults
from infra.policy_settings import Signer
from tests.support.signing import new_key
from tools.local.workspace import REPOSITORY

CANARY = "c4n4ry"
SIGNED = FileSum(path="model.sig", sha256="a" * 64, size_bytes=2000)
PRIVATE = f"-----BEGIN EC PRIVATE KEY-----\n{CANARY}\n-----END EC PRIVATE KEY-----\n"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The catalog of Git, with a signature in every adapter and base model."""
    found = load_catalog()
    signed = {ref: replace(adapter, files=(*adapter.files, SIGNED)) for ref, adapter in found.adapters.items()}
    models = {ref: replace(model, files=(*model.files, SIGNED)) for ref, model in found.base_models.items()}
    return replace(found, adapters=signed, base_models=models)


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> str:
    return new_key(tmp_path_factory.mktemp("key") / "key.pem").public


def with_signers(signers: object) -> dict[str, Any]:
    return {**copy.deepcopy(read_stack_file(REPOSITORY / "Pulumi.dev.yaml")), "signers": signers}


def faults(signers: object, catalog: Catalog) -> str:
    with pytest.raises(FaultsError) as caught:
        load_settings(with_signers(signers), catalog, "Pulumi.dev.yaml")
    assert CANARY not in str(caught.value)
    return str(caught.value)


def test_signers_are_read(catalog: Catalog, public: str) -> None:
    loaded = load_settings(with_signers([{"name": "model-board", "publicKey": public}]), catalog)
    assert [(signer.name, signer.public_key) for signer in loaded.signers] == [("model-board", public)]


def test_an_adapter_without_a_signature_is_refused_and_told_what_to_do(public: str) -> None:
    told = faults([{"name": "model-board", "publicKey": public, "signs": ["adapters"]}], load_catalog())
    assert "baseModel" not in told, "this signer signs adapters alone"
    assert 'kitchens.support.adapters[0]: "helpdesk-faq/v2026-02-01"; rule: has no model.sig in the catalog' in told
    assert "example: kitchen adapter publish FOLDER --name helpdesk-faq/v<date> --private-key FILE" in told
    assert told.count("has no model.sig") == 3


def rsa_public() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_every_wrong_signer_is_told_at_once(catalog: Catalog, public: str) -> None:
    signers = [
        {"name": "model-board", "publicKey": public},
        {"name": "model-board", "publicKey": rsa_public()},
        {"name": "second", "publicKey": public.replace("\n", "\r\n")},
        {"name": "third", "publicKey": "not a key"},
        {"name": "fourth", "publicKey": PRIVATE},
    ]
    told = faults(signers, catalog)
    assert "6 faults" in told
    assert told.count("each signer has a name of its own") == 2
    for text in (
        "signers.1.publicKey: ",
        "rule: must be an EC key on P-256, P-384 or P-521",
        'signers.2.publicKey: "second"; rule: is the key of signers.0 once more',
        'signers.3.publicKey: "(9 characters)"; rule: must be one public key as PEM',
        'signers.4.publicKey: "(not shown)"; rule: holds a private key',
    ):
        assert text in told


@pytest.mark.parametrize(
    "signers",
    [
        PRIVATE,
        [PRIVATE],
        [{"name": PRIVATE, "publicKey": PRIVATE}],
        [{"name": "model-board", "publicKey": PRIVATE}],
        [{"name": "model-board", "publicKey": [PRIVATE]}],
        [{"name": "model-board", "publicKey": "x", "privateKey": PRIVATE}],
        [{"name": "model-board", "publicKey": {"pem": PRIVATE}}],
        {"model-board": PRIVATE},
    ],
)
def test_a_private_key_is_never_shown_wherever_it_stands(signers: object, catalog: Catalog) -> None:
    assert "signers" in faults(signers, catalog)


def test_an_empty_list_is_refused(catalog: Catalog) -> None:
    assert "signers: []; rule: must have at least 1 entries" in faults([], catalog)


def test_pods_get_the_signers_in_the_manifest_and_the_script_that_checks(public: str) -> None:
    fetch = AdapterFetch(
        image="", scripts={}, bucket="lora", endpoint="", region="", secret="", ca_bundle=None, adapters=[]
    )
    assert "signers" not in json.loads(fetch.manifest())
    signed = replace(fetch, signers=[Signer(name="model-board", public_key=public).as_pods_read_it()])
    manifest = json.loads(signed.manifest())
    assert manifest["signers"] == [{"name": "model-board", "publicKey": public}]
    assert signers_faults(manifest["signers"]) == []
    assert fetch.sha256() != signed.sha256(), "other signers are other pods in static mode"
    assert "verify_signature.py" in SCRIPTS
