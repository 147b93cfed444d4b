"""Public start-up logs recomputed: within the bounds that the page states, and the page is what the data gives."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tools.docs import DOCS
from tools.docs.memory_rows import Row, memory_page, misses, read_rows

DATA = DOCS / "memory-rows.yaml"
ROWS = read_rows(DATA)
PUBLIC = {str(number) for number in range(1, 20)}
"""The rows of the review that these figures go back to."""


def row(name: str) -> Row:
    return next(found for found in ROWS if found.name == name)


def test_every_row_is_within_its_bounds() -> None:
    """Weights within 2%, tokens within 15%, no "fits" for what died, no "does not fit" for what ran."""
    assert list(misses(ROWS)) == []


def test_every_public_row_is_there_once() -> None:
    names = [found.name for found in ROWS]
    assert len(names) == len(set(names))
    assert set(names) >= PUBLIC


def test_few_rows_are_not_explained() -> None:
    assert [found.name for found in ROWS if found.unexplained] == ["14", "23", "25b"]


@pytest.mark.parametrize(("name", "key"), [("14", "tokens"), ("23", "blocks"), ("25b", "tokens")])
def test_what_is_not_explained_is_off(name: str, key: str) -> None:
    error = row(name).error(key)
    assert error is not None, "what is not explained has no error to hide"
    assert abs(error) > 15, "once it is, the note goes"


def test_the_page_is_what_the_data_says() -> None:
    assert (DOCS / "memory.md").read_text() == memory_page(DOCS), "run `make docs`"


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("8", {"outcome": "starts"}, "row 8: does not fit, but it starts"),
        ("10", {"outcome": "fails"}, "row 10: fits, but it fails"),
        ("1", {"tokens": 40000}, "row 1: tokens is off by -22.8%, more than 15%"),
        ("8", {"weightsGiB": 60.8}, "row 8: weightsGiB is off by +8.4%, more than 2%"),
    ],
)
def test_a_miss_is_told(name: str, changes: dict[str, object], told: str) -> None:
    spoilt = replace(row(name), seen={**row(name).seen, **changes})
    assert list(misses([spoilt])) == [told]


def test_no_figure_comes_from_what_was_seen(tmp_path: Path) -> None:
    """A row's own numbers change nothing of what is counted for it."""
    data = yaml.safe_load(DATA.read_text())
    blind = copy.deepcopy(data)
    for entry in blind["rows"]:
        entry["seen"] = {"outcome": "starts"}
        entry["row"], entry["source"] = f"x{entry['row']}", "nowhere"
    path = tmp_path / "rows.yaml"
    path.write_text(yaml.safe_dump(blind))
    assert [found.fit for found in read_rows(path)] == [found.fit for found in ROWS]
