"""What is refused before the store is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.catalog import load_catalog
from infra.faults import FaultsError
from ops.__main__ import main
from ops.publish import publish
from tests.support.values import SPOILT
from tools import fixtures
from tools.local.workspace import REPOSITORY

FAQ = "helpdesk-faq/v2026-02-01"
SALES = "sales-summary/v2026-03-15"


class NoStore:
    """Fails the test when the store is asked for anything."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the store was asked for {name}")


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    fixtures.write(tmp_path / "artifacts")
    return tmp_path / "artifacts"


def refused(source: Path, *refs: str) -> str:
    with pytest.raises(FaultsError) as caught:
        publish(NoStore(), "dev-lora", load_catalog(), refs, source)  # type: ignore[arg-type]  # on purpose
    return str(caught.value)


def test_other_content_is_refused_with_both_sums(artifacts: Path) -> None:
    path = artifacts / "lora" / FAQ / "adapter_model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    message = refused(artifacts / "lora", FAQ)
    entry = load_catalog().adapters[FAQ]
    assert str(path) in message
    assert next(file.sha256 for file in entry.files if file.path == path.name) in message
    assert "1 fault" in message


@pytest.mark.parametrize("spoilt", SPOILT)
def test_weights_that_pods_refuse_are_not_sent(
    spoilt: str, artifacts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The store's address leads nowhere: one request to it would end with 1 instead of 2."""
    path = artifacts / "lora" / FAQ / "adapter_model.safetensors"
    spoil, said = SPOILT[spoilt]
    path.write_bytes(spoil(path.read_bytes()))
    words = ["--settings", str(REPOSITORY / "Pulumi.dev.yaml"), "--endpoint", "http://127.0.0.1:1", "--adapter", FAQ]
    assert main(["publish", *words, "--from", str(artifacts)]) == 2
    told = capsys.readouterr().err
    assert f"{FAQ}/adapter_model.safetensors: base_model.model.model.layers." in told
    assert said in told


def test_all_faults_are_told_at_once(artifacts: Path) -> None:
    (artifacts / "lora" / FAQ / "adapter_config.json").unlink()
    (artifacts / "lora" / SALES / "adapter_config.json").write_text("{}")
    message = refused(artifacts / "lora", FAQ, SALES, "unknown/v1")
    assert "3 faults" in message
    assert "unknown/v1" in message
    assert "missing" in message


def test_the_command_names_every_wrong_argument(artifacts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = str(REPOSITORY / "Pulumi.dev.yaml")
    arguments = ["publish", "--settings", settings, "--adapter", "unknown/v1", "--from", str(artifacts / "absent")]
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert "2 faults" in told
    assert "--adapter" in told
    assert "--from" in told


def test_missing_credentials_are_named(
    artifacts: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KITCHEN_OBJECT_STORE_ACCESS_KEY", raising=False)
    monkeypatch.delenv("KITCHEN_OBJECT_STORE_SECRET_KEY", raising=False)
    settings = str(REPOSITORY / "Pulumi.dev.yaml")
    arguments = ["publish", "--settings", settings, "--adapter", FAQ, "--from", str(artifacts), "--endpoint", "ftp:x"]
    assert main(arguments) == 2
    told = capsys.readouterr().err
    for expected in ("KITCHEN_OBJECT_STORE_ACCESS_KEY", "KITCHEN_OBJECT_STORE_SECRET_KEY", "--endpoint"):
        assert expected in told
    assert "Traceback" not in told
