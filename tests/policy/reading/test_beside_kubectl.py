"""Generated texts, read by the pack and by the kubectl of this machine: the same value, or a refusal of ours."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from policies.reading.stream import read_stream
from tests.policy.support.kubectl import objects_by_kubectl, same
from tests.policy.support.yaml_texts import Texts

BATCH = 1000
"""Texts that one process of kubectl reads."""

BATCHES = max(1, int(os.environ.get("KITCHEN_GENERATED_TEXTS", "2000")) // BATCH)


def verdict(text: str, theirs: list[Any]) -> str:
    """`same`, who refuses it, or `other` for another value.

    What follows a document that we refuse is not held against kubectl, and the other way round.
    """
    found = list(read_stream(text))
    ours = [read.value for read in found if read.refused is None]
    if any(read.refused for read in found):
        # What we read in spite of that is judged, and must still be what kubectl reads.
        known = [value for value in ours if isinstance(value, dict) and value.get("kind") == "Thing"]
        strange = [value for value in known if theirs and not any(same(value, other) for other in theirs)]
        return "other" if strange else "we refuse it" if theirs else "both refuse it"
    if not theirs:
        return "kubectl refuses it"
    return "same" if len(ours) == len(theirs) and all(map(same, ours, theirs)) else "other"


@pytest.mark.parametrize("seed", range(BATCHES))
def test_no_text_has_another_value(seed: int, tmp_path: Path) -> None:
    texts = Texts(seed)
    batch = {name: texts.document(name) for name in (f"d{number}" for number in range(BATCH))}
    found = objects_by_kubectl(tmp_path, batch)
    verdicts = {name: verdict(text, found[name]) for name, text in batch.items()}
    other = [(batch[name], found[name]) for name, said in verdicts.items() if said == "other"]
    assert other[:3] == []
    counted = Counter(verdicts.values())
    # Texts that nobody reads compare nothing.
    assert counted["same"] > BATCH * 0.4, counted
    assert counted["we refuse it"] < BATCH * 0.2, counted


def test_another_value_is_seen() -> None:
    text = "kind: Thing\na: 2026-01-01\n"
    assert verdict(text, [{"kind": "Thing", "a": "2026-01-01"}]) == "same"
    assert verdict(text, [{"kind": "Thing", "a": 2025}]) == "other"
    assert verdict(f"{text}---\nb: [\n", [{"kind": "Thing", "a": 2025}]) == "other"
    assert verdict("kind: Thing\na: true\n", [{"kind": "Thing", "a": 1}]) == "other"
    assert verdict(text, []) == "kubectl refuses it"
