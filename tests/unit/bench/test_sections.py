"""The page of the bench: one section a part, each written without losing the others."""

from __future__ import annotations

import json
from pathlib import Path

from tests.bench.__main__ import PARTS
from tests.bench.sections import DATA, ORDER, REPORT, Section, Table, keep, page


def section(title: str, cell: str) -> Section:
    return Section(title=title, tables=[Table(header=("what", "median"), rows=[("preview", cell)], note="Said.")])


def test_a_part_replaces_its_own_section_alone(tmp_path: Path) -> None:
    data, report = tmp_path / "figures.json", tmp_path / "page.md"
    keep("policies", section("The policy pack", "1.0 s"), data, report)
    keep("startup", section("Start of a preview", "2.0 s"), data, report)
    keep("policies", section("The policy pack", "3.0 s"), data, report)
    text = report.read_text()
    assert text.index("## Start of a preview") < text.index("## The policy pack"), "the order is that of the bench"
    assert ("2.0 s" in text, "3.0 s" in text, "1.0 s" in text) == (True, True, False)


def test_a_plot_lies_beside_the_page_that_shows_it(tmp_path: Path) -> None:
    drawn = Section(title="At size", tables=[], plots={"size.svg": "<svg/>"})
    keep("size", drawn, tmp_path / "figures.json", tmp_path / "page.md")
    assert (tmp_path / "size.svg").read_text() == "<svg/>"
    assert "![At size](size.svg)" in (tmp_path / "page.md").read_text()


def test_every_part_has_its_place_in_the_page() -> None:
    assert tuple(PARTS) == ORDER


def test_the_page_is_made_of_its_figures() -> None:
    assert REPORT.read_text() == page(json.loads(DATA.read_text())), "run `make bench` with one part"
