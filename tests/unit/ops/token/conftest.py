"""An issuer on loopback, settings that name it, and a clock that goes on by the waits alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.token import device
from tests.support.token_issuer import TokenIssuer
from tests.unit.support.entry import with_entry

ACCESS = [
    {"groups": ["helpdesk-callers"], "models": ["helpdesk-faq", "base"]},
    {"groups": ["reviewers"], "models": ["helpdesk-classifier"]},
]


@pytest.fixture
def issuer() -> Iterator[TokenIssuer]:
    with TokenIssuer() as made:
        yield made


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between the questions; time goes on by them alone."""
    waits: list[float] = []
    monkeypatch.setitem(device.by_device.__kwdefaults__, "sleep", waits.append)
    monkeypatch.setitem(device.by_device.__kwdefaults__, "now", lambda: sum(waits))
    return waits


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes Pulumi.test.yaml, whose issuers are `issuers`, into the working directory."""
    monkeypatch.chdir(tmp_path)

    def write(*issuers: dict[str, Any]) -> Path:
        data = with_entry({"support": {"access": ACCESS}}, issuers=list(issuers))
        path = tmp_path / "Pulumi.test.yaml"
        path.write_text(yaml.safe_dump({"config": {f"kitchen:{key}": value for key, value in data.items()}}))
        return path

    return write
