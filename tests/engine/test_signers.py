"""Signers through the real engine: a preview refuses unsigned adapters, and says where nothing is signed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.engine.conftest import Run, run
from tests.engine.test_program import PACK, told
from tests.support.signing import new_key
from tools.local.workspace import Workspace

Stack = Callable[..., Workspace]
EXEMPTION = {"rule": "models-signed", "reason": "is signed with the next update", "approver": "security-team"}


def test_unsigned_adapters_are_refused_where_signers_are_stated(stack: Stack, tmp_path: Path) -> None:
    signers = [
        new_key(tmp_path / "key").signer(),
        {"name": "wrong", "publicKey": "-----BEGIN PRIVATE KEY-----\nc4n4ry\n-----END PRIVATE KEY-----\n"},
    ]
    result = run(stack("dev", {"signers": signers}), "preview", *PACK)
    told(
        result,
        'kitchens.support.adapters[0]: "helpdesk-faq/v2026-02-01"; rule: has no model.sig in the catalog',
        "kitchen adapter publish FOLDER --name helpdesk-faq/v<date> --private-key FILE",
        'signers.1.publicKey: "(not shown)"; rule: holds a private key',
        '.baseModel: "tsuzumi-7b-instruct/v1"; rule: has no model.sig in the catalog, and signers',
        "an exemption (rule: models-signed, object: BaseModel tsuzumi-7b-instruct/v1, with a last day)",
    )
    assert "c4n4ry" not in result.text


def test_a_preview_of_prod_says_once_that_nothing_is_signed(judged: Callable[..., Run]) -> None:
    result = judged("prod")
    assert result.status == 0, result.text
    diagnostics = result.text.partition("Diagnostics:")[2]
    assert diagnostics.count("adapters are served without a signature, signers are not stated: ") == 1
    assert diagnostics.count("base models are served without a signature, no signer signs them: ") == 1


def test_an_unsigned_base_model_passes_by_an_exemption_until_its_last_day(stack: Stack, tmp_path: Path) -> None:
    """The program makes it without asking for a signature, and the pack says so, or denies it."""
    signers = [{**new_key(tmp_path / "key").signer(), "signs": ["baseModels"]}]
    exemptions = [
        {**EXEMPTION, "object": "BaseModel tsuzumi-7b-instruct/v1", "expires": "2999-12-31"},
        {**EXEMPTION, "object": "BaseModel qwen3-embedding-0.6b/v1", "expires": "2026-01-31"},
    ]
    result = run(stack("dev", {"signers": signers, "exemptions": exemptions}), "preview", *PACK)
    assert result.status != 0
    for text in (
        "base model tsuzumi-7b-instruct/v1 is served unsigned by an exemption until 2999-12-31",
        "models-signed: BaseModel tsuzumi-7b-instruct/v1 until 2999-12-31: is signed with the next update",
        "'qwen3-embedding-0.6b/v1', which has no model.sig in the catalog, and its exemption has ended on 2026-01-31",
    ):
        assert text in result.text
    assert "'tsuzumi-7b-instruct/v1', which has no model.sig" not in result.text
