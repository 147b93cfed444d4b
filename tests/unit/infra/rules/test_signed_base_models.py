"""Signers of base models in the settings: what they ask, what an exemption lets through, and what reaches the pods."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.catalog import Catalog, FileSum, load_catalog
from infra.declared import declared
from infra.faults import FaultsError
from infra.load import load_settings, read_stack_file
from infra.monitoring import facts
from infra.policy_settings import Signer
from infra.settings import Settings
from tests.support.signing import new_key
from tests.support.signing_authority import SUBJECT, authority, certified
from tools.local.workspace import REPOSITORY

TSUZUMI, EMBEDDING = "tsuzumi-7b-instruct/v1", "qwen3-embedding-0.6b/v1"
SIGNED = FileSum(path="model.sig", sha256="a" * 64, size_bytes=2000)
EXEMPTION = {
    "rule": "models-signed",
    "object": f"BaseModel {TSUZUMI}",
    "reason": "signed with its next version",
    "approver": "model-board",
    "expires": "2027-03-31",
}


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> str:
    return new_key(tmp_path_factory.mktemp("key") / "key.pem").public


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> str:
    return authority(tmp_path_factory.mktemp("root") / "root").pem


def catalog(*refs: str) -> Catalog:
    """The catalog of Git, in which these base models are signed."""
    found = load_catalog()
    models = {
        ref: replace(model, files=(*model.files, SIGNED)) if ref in refs else model
        for ref, model in found.base_models.items()
    }
    return replace(found, base_models=models)


def data(signers: object, **more: Any) -> dict[str, Any]:
    read = copy.deepcopy(read_stack_file(REPOSITORY / "Pulumi.dev.yaml"))
    return {**read, "signers": signers, **more}


def board(key: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "model-board", "publicKey": key, "signs": ["baseModels"], **more}]


def faults(said: dict[str, Any], known: Catalog) -> list[str]:
    with pytest.raises(FaultsError) as caught:
        load_settings(said, known, "Pulumi.dev.yaml")
    return [str(fault) for fault in caught.value.faults]


def manifests(settings: Settings, known: Catalog) -> dict[str, Any]:
    said = declared(settings, known)
    found = [json.loads(kitchen.base_manifest.content["data"]["manifest.json"]) for kitchen in said.kitchens]
    return {f"{entry['name']}/{entry['version']}": entry for entry in found}


def test_each_base_model_without_a_signature_is_named_once_with_both_ways_out(key: str) -> None:
    found = faults(data(board(key)), catalog())
    assert [line.partition(";")[0] for line in found] == [
        f'kitchens.search.baseModel: "{EMBEDDING}"',
        f'kitchens.support.baseModel: "{TSUZUMI}"',
    ]
    assert (
        "has no model.sig in the catalog, and signers of this file sign base models: until it is published" in found[1]
    )
    assert f"an exemption (rule: models-signed, object: BaseModel {TSUZUMI}, with a last day)" in found[1]
    assert f"kitchen model publish FOLDER --name {TSUZUMI} --private-key FILE" in found[1]


def test_what_tenants_hold_ready_must_be_signed_too(key: str) -> None:
    said = data(board(key))
    said["tenants"]["helpdesk"]["baseModels"] = ["llama-3-8b-instruct/v1"]
    (fault,) = faults(said, catalog(TSUZUMI, EMBEDDING))
    assert fault.startswith('tenants.helpdesk.baseModels[0]: "llama-3-8b-instruct/v1"; rule: has no model.sig')


def test_signers_of_adapters_alone_ask_nothing_of_base_models(key: str) -> None:
    known = load_catalog()
    adapters = {ref: replace(entry, files=(*entry.files, SIGNED)) for ref, entry in known.adapters.items()}
    loaded = load_settings(data(board(key, signs=["adapters"])), replace(known, adapters=adapters))
    assert all("signers" not in entry for entry in manifests(loaded, known).values())


def test_an_exemption_lets_one_version_through_and_its_load_asks_nobody(key: str) -> None:
    known = catalog(EMBEDDING)
    loaded = load_settings(data(board(key), exemptions=[EXEMPTION]), known)
    found = manifests(loaded, known)
    assert "signers" not in found[TSUZUMI]
    assert found[EMBEDDING]["signers"] == [{"name": "model-board", "publicKey": key}]


@pytest.mark.parametrize("name", ["BaseModel *", "BaseModel tsuzumi-7b-instruct/v*", f"basemodel {TSUZUMI}", TSUZUMI])
def test_an_exemption_of_more_than_one_version_lets_none_through(name: str, key: str) -> None:
    (fault,) = faults(data(board(key), exemptions=[{**EXEMPTION, "object": name}]), catalog(EMBEDDING))
    assert f'"{TSUZUMI}"; rule: has no model.sig' in fault


def test_an_exemption_of_what_is_signed_changes_nothing(key: str) -> None:
    known = catalog(EMBEDDING, TSUZUMI)
    loaded = load_settings(data(board(key), exemptions=[EXEMPTION]), known)
    assert all(entry["signers"] for entry in manifests(loaded, known).values())


def test_other_signers_are_another_load_and_other_pods(key: str) -> None:
    known = catalog(EMBEDDING, TSUZUMI)
    before = declared(load_settings(data(board(key)), known), known)
    after = declared(load_settings(data(board(key, name="board-2027")), known), known)
    for old, new in zip(before.kitchens, after.kitchens, strict=True):
        assert old.load.name != new.load.name
        assert old.base_manifest.name != new.base_manifest.name


def test_an_authority_with_a_subject_is_a_signer(root: str) -> None:
    known = catalog(EMBEDDING, TSUZUMI)
    signers = [{"name": "vendor", "authority": root, "subject": SUBJECT, "signs": ["baseModels"]}]
    loaded = load_settings(data(signers), known)
    assert loaded.signers == (Signer(name="vendor", authority=root, subject=SUBJECT, signs=("baseModels",)),)
    (one,) = manifests(loaded, known)[TSUZUMI]["signers"]
    assert one == {"name": "vendor", "authority": root, "subject": SUBJECT}


def test_wrong_authorities_are_told_at_once(root: str, key: str, tmp_path: Path) -> None:
    leaf = certified(tmp_path / "leaf", authority(tmp_path / "root")).pem
    signers = [
        {"name": "a", "signs": ["baseModels"]},
        {"name": "b", "publicKey": key, "subject": SUBJECT},
        {"name": "c", "authority": root},
        {"name": "d", "subject": SUBJECT},
        {"name": "e", "authority": leaf, "subject": SUBJECT},
        {"name": "f", "authority": root, "subject": SUBJECT},
        {"name": "g", "authority": root, "subject": SUBJECT},
        {"name": "h", "authority": "-----BEGIN PRIVATE KEY-----\nc4n4ry\n", "subject": SUBJECT},
    ]
    found = faults(data(signers), catalog(EMBEDDING, TSUZUMI))
    told = "\n".join(line for line in found if line.startswith("signers"))
    for text in (
        "signers.0.publicKey: missing; rule: a signer has a publicKey, or an authority and a subject",
        'signers.1: "b"; rule: a signer has a publicKey, or an authority and a subject, and not both',
        "signers.2.subject: missing; rule: authority and subject go together",
        "signers.3.authority: missing; rule: authority and subject go together",
        "rule: must be a certificate that issues others (CA:TRUE): of a single signer state publicKey",
        'signers.6.subject: "g"; rule: is the subject of signers.5 once more',
        'signers.7.authority: "(not shown)"; rule: holds a private key',
    ):
        assert text in told
    assert told.count("\n") == 6
    assert "c4n4ry" not in "\n".join(found)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"signs": []}, "must have at least 1 entries"),
        ({"signs": ["images"]}, "signers.0.signs"),
        ({"signs": ["adapters", "adapters"]}, "signers.0.signs"),
        ({"subject": "CN=model-bo\u0430rd"}, "signers.0.subject"),
        ({"subject": "CN=a\nb"}, "signers.0.subject"),
    ],
)
def test_a_scope_or_subject_that_is_none_is_refused(more: dict[str, Any], says: str, key: str) -> None:
    assert any(says in line for line in faults(data(board(key, **more)), catalog(EMBEDDING, TSUZUMI)))


def test_alerts_remind_of_the_end_of_an_authority(root: str) -> None:
    signers = [{"name": "vendor", "authority": root, "subject": SUBJECT, "signs": ["baseModels"]}]
    (end,) = facts(load_settings(data(signers), catalog(EMBEDDING, TSUZUMI))).ends
    assert (end.what, end.name) == ("certificate", "signers.vendor.authority: CN=Root,O=Example")
