"""What programs read: the keys of each JSON output are those of the docs, and stay."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main
from tests.support import bundle_tools as tools
from tests.support.artifacts import CONFIG, write_adapter
from tools.local.workspace import REPOSITORY

DOCS = REPOSITORY / "docs" / "catalog.md"


def documented(start: str) -> set[str]:
    """Every word in code marks of the table's line for a command, but for the command's own."""
    (line,) = (line for line in DOCS.read_text().splitlines() if line.startswith(f"| `{start}"))
    return set(re.findall(r"`([a-z A-Z]+)`", line.rpartition(" | ")[2]))


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    main(list(words))
    return json.loads(capsys.readouterr().out)


def keys(*objects: dict[str, Any]) -> set[str]:
    return {key for entry in objects for key in entry}


def test_lint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_adapter(tmp_path / "menu")
    (folder / CONFIG).write_text('{"r": 8}')
    (told,) = printed(capsys, "adapter", "lint", str(folder), "--json")
    assert keys(told, *told["faults"]) == documented("adapter\\|model lint")


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    found = {word: printed(capsys, word, "list", "--json") for word in ("adapter", "model", "image")}
    stated = documented("adapter\\|model\\|image list")
    assert keys(*found["adapter"]) == stated
    assert keys(*found["model"]) == keys(*found["image"]) == stated - {"base model", "rank"}
    assert isinstance(found["model"][0]["validate again"], list)
    assert isinstance(found["image"][0]["validate again"], str)


def test_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tools.artifacts(tmp_path)
    listed = tools.bring_in(tmp_path, tools.entry("adapter", tools.FAQ))
    words = ("--list", str(listed), "--from", str(source), "--unsigned", "--json")
    created = printed(capsys, "bundle", "create", *words, "--to", str(tmp_path / "bundle"))
    (tmp_path / "other").mkdir()
    other = (
        "--list",
        str(tools.bring_in(tmp_path / "other", tools.entry("adapter", tools.FAQ, licence="Apache-2.0"))),
        *words[2:],
    )
    refused = printed(capsys, "bundle", "create", *other, "--to", str(tmp_path / "bundle"))
    verified = printed(capsys, "bundle", "verify", str(tmp_path / "bundle"), "--unsigned", "--json")
    of_import = {"uploaded", "alreadyThere", "images", "candidates", "catalogFiles", "evaluateAgain"}
    key = tools.keys(tmp_path)
    again = printed(capsys, "bundle", "sign", str(tmp_path / "bundle"), "--unsigned", *key.sign(), "--json")
    signed = printed(capsys, "bundle", "verify", str(tmp_path / "bundle"), *key.trust(), "--json")
    stated = documented("bundle create") - of_import - {"create", "import", "sign"}
    of_create, of_sign, of_signers = {"copied", "again"}, {"added", "archive"}, {"file", "by"}
    assert keys(created, *refused["faults"]) == stated - of_sign - of_signers - {"signers"}
    assert keys(verified, *refused["faults"]) == stated - of_create - of_sign - of_signers
    assert keys(again, *refused["faults"]) == stated - of_create - of_signers
    assert keys(signed, *signed["signers"], *refused["faults"]) == stated - of_create - of_sign
    assert keys(refused) == {"command", "ok", "seconds", "message", "faults"}
    assert "must not be there yet" in refused["message"]


def test_audit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    told = printed(capsys, "audit", "--settings", tools.DEV, "--json")
    assert keys(told, *told["rows"]) == documented("audit")
    assert set(told["counts"]) == {"proven", "differs", "not proven"}
