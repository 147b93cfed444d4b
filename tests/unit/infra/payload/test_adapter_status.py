"""What the sidecar tells Prometheus: bounded words, and no number that stays after its adapter."""

from __future__ import annotations

import re
from typing import Any

import pytest

from infra.payload.adapter_status import REASONS, Status, metrics
from infra.payload.fetch_adapters import MISSING, OTHER, SIGNATURE, SUM, VALUES

_SAMPLE = re.compile(r'[a-z_]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? [0-9.e+]+')


def told(*adapters: dict[str, Any]) -> list[str]:
    """Samples of these adapters."""
    status = Status()
    status.set(adapters=list(adapters))
    lines = metrics(status.data()).splitlines()
    samples = [line for line in lines if not line.startswith("#")]
    assert all(_SAMPLE.fullmatch(line) for line in samples)
    return [line for line in samples if line.startswith("kitchen_adapter_")]


def _adapter(state: str, why: str = "") -> dict[str, Any]:
    return {"name": "faq", "version": "v1", "state": state, "why": why}


def test_what_waits_is_declared_and_neither_loaded_nor_refused() -> None:
    labels = '{adapter="faq",version="v1"}'
    assert told(_adapter("waiting", OTHER)) == [
        f"kitchen_adapter_declared{labels} 1",
        f"kitchen_adapter_loaded{labels} 0",
    ]
    assert told() == []


@pytest.mark.parametrize("why", REASONS)
def test_a_refusal_has_its_reason(why: str) -> None:
    assert told(_adapter("refused", why))[2:] == [
        f'kitchen_adapter_refused{{adapter="faq",version="v1",reason="{why}"}} 1'
    ]


def test_a_reason_that_is_none_of_them_is_other() -> None:
    (line,) = told(_adapter("refused", 'x"} 7'))[2:]
    assert 'reason="other"' in line


def test_what_content_is_refused_for_is_a_reason() -> None:
    assert {SUM, SIGNATURE, VALUES, MISSING, OTHER} <= set(REASONS)
