"""A plot of time against size as SVG: both axes logarithmic, so that the slope of a line is its growth."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 860, 520
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 250, 44, 52
_COLOURS = (
    "#0b6e99",
    "#d1495b",
    "#2e8b57",
    "#edae49",
    "#6a4c93",
    "#00798c",
    "#8d5524",
    "#555555",
    "#b5179e",
    "#1b998b",
)
_TEXT = "#333333"
_LABEL_PIXELS = 15


class _Axis:
    """Whole decades around the values, laid along pixels."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.low = math.floor(math.log10(min(values)))
        self.high = max(self.low + 1, math.ceil(math.log10(max(values))))
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self._start + share * (self._end - self._start)

    def ticks(self) -> Iterator[float]:
        yield from (10.0**power for power in range(self.low, self.high + 1))


def svg(title: str, across: str, up: str, lines: Mapping[str, Points]) -> str:
    """Return the plot of named lines; each has at least one point with positive values."""
    x = _Axis([point[0] for points in lines.values() for point in points], _LEFT, _WIDTH - _RIGHT)
    y = _Axis([point[1] for points in lines.values() for point in points], _HEIGHT - _BOTTOM, _TOP)
    middle, centre = (_TOP + _HEIGHT - _BOTTOM) // 2, (_LEFT + _WIDTH - _RIGHT) // 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12" fill="{_TEXT}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="24" font-size="15">{escape(title)}</text>',
        *_grid(x, y),
        f'<text x="{centre}" y="{_HEIGHT - 12}" text-anchor="middle">{escape(across)}</text>',
        f'<text x="16" y="{middle}" text-anchor="middle" transform="rotate(-90 16 {middle})">{escape(up)}</text>',
        *_lines(x, y, lines),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _grid(x: _Axis, y: _Axis) -> Iterator[str]:
    left, right, top, bottom = _LEFT, _WIDTH - _RIGHT, _TOP, _HEIGHT - _BOTTOM
    for value in x.ticks():
        at = x.at(value)
        yield f'<line x1="{at:.1f}" y1="{top}" x2="{at:.1f}" y2="{bottom}" stroke="#dddddd"/>'
        yield f'<text x="{at:.1f}" y="{bottom + 18}" text-anchor="middle">{value:,g}</text>'
    for value in y.ticks():
        at = y.at(value)
        yield f'<line x1="{left}" y1="{at:.1f}" x2="{right}" y2="{at:.1f}" stroke="#dddddd"/>'
        yield f'<text x="{left - 8}" y="{at + 4:.1f}" text-anchor="end">{value:,g}</text>'


def _lines(x: _Axis, y: _Axis, lines: Mapping[str, Points]) -> Iterator[str]:
    ends = [(y.at(points[-1][1]), name) for name, points in lines.items()]
    places = dict(zip([name for _, name in sorted(ends)], _apart([at for at, _ in sorted(ends)]), strict=True))
    for number, (name, points) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        pixels = [(x.at(many), y.at(long)) for many, long in points]
        path = " ".join(f"{right:.1f},{down:.1f}" for right, down in pixels)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{right:.1f}" cy="{down:.1f}" r="3" fill="{colour}"/>' for right, down in pixels)
        (across, up), height = pixels[-1], places[name]
        label = _WIDTH - _RIGHT + 14
        dashes = f'stroke="{colour}" stroke-dasharray="2 3"'
        yield f'<line x1="{across + 4:.1f}" y1="{up:.1f}" x2="{label - 3}" y2="{height:.1f}" {dashes}/>'
        yield f'<text x="{label}" y="{height + 4:.1f}" fill="{colour}">{escape(name)}</text>'


def _apart(places: Sequence[float]) -> list[float]:
    """Heights of labels from top to bottom, moved down where two would overlap, and up again at the bottom."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + _LABEL_PIXELS) if moved else place)
    limit = float(_HEIGHT - _BOTTOM)
    for index in range(len(moved) - 1, -1, -1):
        moved[index] = min(moved[index], limit)
        limit = moved[index] - _LABEL_PIXELS
    return moved
