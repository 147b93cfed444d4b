"""Signers through the real engine: a preview refuses unsigned adapters, and says where nothing is signed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.engine.conftest import Run, run
from tests.engine.test_program import PACK, told
from tests.support.signing import new_key
from tools.local.workspace import Workspace

Stack = Callable[..., Workspace]


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
    )
    assert "c4n4ry" not in result.text


def test_a_preview_of_prod_says_once_that_nothing_is_signed(judged: Callable[..., Run]) -> None:
    result = judged("prod")
    assert result.status == 0, result.text
    diagnostics = result.text.partition("Diagnostics:")[2]
    assert diagnostics.count("adapters are served without a signature, signers are not stated: ") == 1
