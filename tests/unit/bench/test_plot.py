"""The plot: well-formed, on logarithmic axes, with labels that do not overlap."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

from tests.bench.plot import svg

_SVG = "{http://www.w3.org/2000/svg}"


def drawn(lines: dict[str, list[tuple[float, float]]]) -> ElementTree.Element:
    return ElementTree.fromstring(svg("Seconds", "resources", "seconds", lines))  # noqa: S314 - made here


def lines_of(plot: ElementTree.Element) -> list[list[tuple[float, float]]]:
    return [
        [(float(x), float(y)) for x, y in re.findall(r"([\d.]+),([\d.]+)", line.attrib["points"])]
        for line in plot.iter(f"{_SVG}polyline")
    ]


def test_the_same_growth_is_the_same_slope() -> None:
    plot = drawn({"slow": [(100, 10), (1000, 100)], "fast": [(100, 1), (1000, 10)], "square": [(100, 1), (1000, 100)]})
    rises = [line[0][1] - line[1][1] for line in lines_of(plot)]
    assert rises[0] == rises[1]
    assert abs(rises[2] - 2 * rises[0]) < 0.3


def test_every_line_has_its_name_and_a_mark_at_each_point() -> None:
    plot = drawn({"up & down": [(100, 1), (600, 3), (2600, 9)], "<preview>": [(100, 1)]})
    texts = {text.text for text in plot.iter(f"{_SVG}text")}
    assert {"up & down", "<preview>", "resources", "100", "10,000"} <= texts
    assert len(list(plot.iter(f"{_SVG}circle"))) == 4


def test_labels_of_lines_that_end_at_one_place_do_not_overlap() -> None:
    names = [f"line {number}" for number in range(12)]
    plot = drawn({name: [(100, 1), (1000, 1.01)] for name in names})
    heights = sorted(float(text.attrib["y"]) for text in plot.iter(f"{_SVG}text") if text.text in names)
    assert len(heights) == 12
    assert all(after - before >= 14.9 for before, after in pairwise(heights))
    assert heights[-1] <= 520 - 52 + 4
