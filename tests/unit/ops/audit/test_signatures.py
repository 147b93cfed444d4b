"""Who has signed what kitchens serve, as the audit proves it: by the bucket's own signature, or not at all."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.response import StreamingBody
from botocore.stub import Stubber

from infra.catalog import Adapter, BaseModel, Catalog, FileSum, load_catalog
from infra.declared import declared
from infra.load import load_settings, read_stack_file
from infra.settings import Settings
from ops.audit.bucket import Bucket
from ops.audit.cluster import Cluster
from ops.audit.live import object_rows
from ops.audit.signatures import signature_rows
from ops.audit.verdicts import Row, Verdict
from tests.support.signing import Key, new_key, signed
from tests.unit.support.audited import SETTINGS

TSUZUMI, FAQ = "tsuzumi-7b-instruct/v1", "helpdesk-faq/v2026-02-01"
FILES = {"config.json": b"{}", "model.safetensors": b"weights"}
EXEMPTION = {"rule": "models-signed", "reason": "old", "approver": "model-board", "expires": "2027-03-31"}


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return new_key(tmp_path / "key.pem")


def with_signature(entry: Adapter | BaseModel, signature: bytes) -> Any:
    """The entry with FILES and their signature in place of its own files."""
    contents = {**FILES, "model.sig": signature}
    files = [
        FileSum(path=name, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
        for name, data in contents.items()
    ]
    return replace(entry, files=tuple(files))


def catalog(signature: bytes) -> Catalog:
    """Every base model and adapter of the catalog with the same files, signed."""
    found = load_catalog()
    return replace(
        found,
        base_models={ref: with_signature(entry, signature) for ref, entry in found.base_models.items()},
        adapters={ref: with_signature(entry, signature) for ref, entry in found.adapters.items()},
    )


def settings(known: Catalog, key: Key, **more: Any) -> Settings:
    signers = [{"name": "model-board", "publicKey": key.public}]
    return load_settings({**read_stack_file(SETTINGS), "signers": signers, **more}, known)


def bucket(objects: Mapping[str, bytes | str]) -> Bucket:
    """A store that answers for these keys: with bytes, or with an error's code."""
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        endpoint_url="http://127.0.0.1:1",
        config=Config(retries={"total_max_attempts": 1}),
    )
    stubber = Stubber(client)
    for name, content in objects.items():
        where, _, path = name.partition("/")
        said = {"Bucket": where, "Key": path}
        if isinstance(content, bytes):
            body = StreamingBody(io.BytesIO(content), len(content))
            stubber.add_response("get_object", {"Body": body}, said)
        else:
            stubber.add_client_error("get_object", content, expected_params=said)
            if content == "NoSuchKey":
                stubber.add_response("head_bucket", {}, {"Bucket": where})
    stubber.activate()
    return Bucket(client, "", full=False, progress=lambda _: None)


def rows(said: Settings, known: Catalog, store: Bucket) -> dict[str, Row]:
    found = declared(said, known)
    kitchen = next(kitchen for kitchen in found.kitchens if kitchen.name == "support")
    return {row.what: row for row in signature_rows(said, found, kitchen, store)}


MODEL_KEY, FAQ_KEY = f"dev-models/base/{TSUZUMI}/model.sig", f"dev-lora/{FAQ}/model.sig"
CLASSIFIER_KEY = "dev-lora/helpdesk-classifier/v2026-02-01/model.sig"


def test_it_is_proven_by_whom(key: Key, tmp_path: Path) -> None:
    signature = signed(FILES, tmp_path / "model", key)
    known = catalog(signature)
    said = settings(known, key)
    found = rows(said, known, bucket(dict.fromkeys((MODEL_KEY, FAQ_KEY, CLASSIFIER_KEY), signature)))
    assert {what: row.finding.found for what, row in found.items()} == {
        f"signature of base model {TSUZUMI}": "signed by model-board",
        f"signature of adapter {FAQ}": "signed by model-board",
        "signature of adapter helpdesk-classifier/v2026-02-01": "signed by model-board",
    }
    assert {row.finding.verdict for row in found.values()} == {Verdict.PROVEN}
    assert {row.declared for row in found.values()} == {"by model-board"}


def test_what_is_not_so_differs_or_is_not_proven(key: Key, tmp_path: Path) -> None:
    right = signed(FILES, tmp_path / "model", key)
    stranger = signed(FILES, tmp_path / "other", new_key(tmp_path / "other.pem"))
    known = catalog(stranger)
    said = settings(known, key)
    found = rows(said, known, bucket({MODEL_KEY: stranger, FAQ_KEY: right, CLASSIFIER_KEY: "NoSuchKey"}))
    first, second, third = (row.finding for row in found.values())
    assert (first.verdict, first.found) == (Verdict.DIFFERS, "signed with another key; expected one of model-board")
    assert (second.verdict, second.found.partition(":")[0]) == (Verdict.DIFFERS, "model.sig")
    assert (third.verdict, third.found) == (Verdict.DIFFERS, "model.sig: missing")
    found = rows(said, known, bucket({MODEL_KEY: "AccessDenied", FAQ_KEY: "AccessDenied", CLASSIFIER_KEY: "x"}))
    assert {row.finding.verdict for row in found.values()} == {Verdict.NOT_PROVEN}
    assert all(row.finding.why.startswith("out of reach: ") for row in found.values())
    nobody = Bucket(None, "no key", full=False, progress=lambda _: None)
    assert {row.finding.why for row in rows(said, known, nobody).values()} == {"not asked: no key"}


def test_what_an_exemption_lets_through_is_not_proven_and_says_until_when(key: Key, tmp_path: Path) -> None:
    plain = load_catalog()
    known = replace(catalog(b"x"), base_models=plain.base_models)
    exempted = [{**EXEMPTION, "object": f"BaseModel {ref}"} for ref in plain.base_models]
    said = settings(known, key, exemptions=exempted)
    nobody = Bucket(None, "no key", full=False, progress=lambda _: None)
    finding = rows(said, known, nobody)[f"signature of base model {TSUZUMI}"].finding
    assert (finding.verdict, finding.why) == (
        Verdict.NOT_PROVEN,
        "not asked: unsigned by an exemption until 2027-03-31",
    )


def test_without_signers_there_is_nothing_to_prove(key: Key) -> None:
    known = load_catalog()
    said = load_settings(read_stack_file(SETTINGS), known)
    assert rows(said, known, bucket({})) == {}


def test_the_load_is_declared_with_who_must_have_signed(key: Key, tmp_path: Path) -> None:
    known = catalog(signed(FILES, tmp_path / "model", key))
    found = declared(settings(known, key), known).kitchens[0]
    nothing = Cluster(read={})
    row = next(row for row in object_rows(found, nothing) if row.what.startswith("base model "))
    assert row.declared == "loaded, every sum compared, signed by model-board"
