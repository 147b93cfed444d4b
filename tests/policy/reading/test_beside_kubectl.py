"""Generated texts, read by the pack and by the kubectl of this machine: the same value, or a refusal of ours."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.reading.stream import read_stream
from tests.policy.support.kubectl import Seen, read_by_kubectl, same
from tests.policy.support.yaml_texts import WORDS, Texts

BATCH = 1000
"""Texts that one process of kubectl reads."""

BATCHES = max(1, int(os.environ.get("KITCHEN_GENERATED_TEXTS", "2000")) // BATCH)


def verdict(text: str, theirs: Seen) -> str:
    """`same`, `refused` by us, by kubectl or by both, or `other` for another value.

    kubectl ends at the first thing that it refuses, and we go on: what follows is compared with nothing.
    """
    found = list(read_stream(text))
    ours = [read.value for read in found if read.refused is None]
    if any(read.refused for read in found):
        known = [value for value in ours if isinstance(value, dict) and value.get("kind") == "Thing"]
        # What we read in spite of that is judged, and must still be what kubectl reads.
        strange = [value for value in known if not any(same(value, other) for other in theirs.objects)]
        return "other" if strange and not theirs.refused else "refused by both" if theirs.refused else "refused by us"
    compared = ours[: len(theirs.objects)] if theirs.refused else ours
    if len(compared) != len(theirs.objects) or not all(map(same, compared, theirs.objects)):
        return "other"
    return "refused by kubectl" if theirs.refused else "same"


def compared(texts: dict[str, str], folder: Path) -> Counter[str]:
    """How many texts have which verdict; no other value is among them."""
    seen = read_by_kubectl(folder, texts)
    verdicts = {name: verdict(text, seen[name]) for name, text in texts.items()}
    other = [(texts[name], seen[name]) for name, said in verdicts.items() if said == "other"]
    assert other[:3] == []
    return Counter(verdicts.values())


@pytest.mark.parametrize("seed", range(BATCHES))
def test_no_text_has_another_value(seed: int, tmp_path: Path) -> None:
    texts = Texts(seed)
    documents = {f"d{number}": texts.document(f"d{number}.0") for number in range(BATCH * 3 // 4)}
    streams = {f"s{number}": texts.stream(f"s{number}") for number in range(BATCH - len(documents))}
    for batch, least, most in ((documents, 0.4, 0.2), (streams, 0.3, 0.4)):
        (folder := tmp_path / next(iter(batch))).mkdir()
        counted = compared(batch, folder)
        # Texts that nobody reads compare nothing.
        assert counted["same"] > len(batch) * least, counted
        assert counted["refused by us"] < len(batch) * most, counted


NUMBERS = r"[-+]?(0[xXoObB]?)?[0-9a-fA-F_]{0,6}\.?[0-9_]{0,4}([eE][-+]?[0-9_]{1,3})?"
SCALARS = st.one_of(
    st.sampled_from(WORDS), st.from_regex(NUMBERS, fullmatch=True), st.text("019-+._eExXoObBnNyY~=<:T ", max_size=8)
)
"""Plain scalars, most of them nearly numbers: each is a document of its own, as a value or as a key."""


@settings(max_examples=BATCHES * 5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(SCALARS, st.booleans()), min_size=40, max_size=40))
def test_no_scalar_has_another_value(scalars: list[tuple[str, bool]]) -> None:
    bodies = [f"{text}: a" if is_key else f"a: {text}" for text, is_key in scalars]
    names = [f"d{number}" for number in range(len(bodies))]
    texts = {
        name: f"apiVersion: v1\nkind: Thing\nmetadata: {{name: {name}}}\ndata:\n  {body}\n"
        for name, body in zip(names, bodies, strict=True)
    }
    texts["d"] = "apiVersion: v1\nkind: Thing\nmetadata: {name: d}\n"
    with tempfile.TemporaryDirectory() as folder:
        assert compared(texts, Path(folder))["same"] > 0


THING = {"kind": "Thing", "a": "2026-01-01"}


@pytest.mark.parametrize(
    ("text", "seen", "said"),
    [
        ("kind: Thing\na: 2026-01-01\n", Seen(objects=[THING]), "same"),
        ("kind: Thing\na: 2026-01-01\n", Seen(objects=[{"kind": "Thing", "a": 2024}]), "other"),
        ("kind: Thing\na: 2026-01-01\n", Seen(), "other"),
        ("kind: Thing\na: 2026-01-01\n", Seen(refused=True), "refused by kubectl"),
        ("kind: Thing\na: 2026-01-01\n", Seen(objects=[{}], refused=True), "other"),
        ("kind: Thing\na: 2026-01-01\n---\nb: [\n", Seen(objects=[THING], refused=True), "refused by both"),
        ("kind: Thing\na: x\n---\nb: 1\nb: 2\n", Seen(objects=[THING]), "other"),
        ("kind: Thing\na: 2026-01-01\n---\nb: 1\nb: 2\n", Seen(objects=[THING]), "refused by us"),
        ("kind: Thing\na: true\n", Seen(objects=[{"kind": "Thing", "a": 1}]), "other"),
    ],
)
def test_another_value_is_seen(text: str, seen: Seen, said: str) -> None:
    assert verdict(text, seen) == said
