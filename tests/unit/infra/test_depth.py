"""Settings that are nested too deeply end in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.load import settings_from_engine, settings_from_file

DEPTHS = [90, 800, 990, 3000]


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("quote", ["", "'"])
def test_a_stack_file(depth: int, quote: str, tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(f"config:\n  kitchen:entry: {quote}{'[' * depth}{']' * depth}{quote}\n")
    with pytest.raises(FaultsError) as caught:
        settings_from_file(path, load_catalog())
    assert all(len(line) < 1000 for line in str(caught.value).splitlines())
    assert "nested too deeply" in str(caught.value) or "entry: " in str(caught.value)


@pytest.mark.parametrize("depth", DEPTHS)
def test_what_the_engine_hands_over(depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"kitchen:entry": "[" * depth + "]" * depth}))
    with pytest.raises(FaultsError) as caught:
        settings_from_engine("dev", load_catalog())
    assert "nested too deeply" in str(caught.value) or "entry: " in str(caught.value)
