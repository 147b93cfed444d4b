"""What a dashboard is, as plain data: no type of Grafana, of Perses or of a library stands here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Unit = Literal[
    "seconds",
    "tokens",
    "tokens/s",
    "calls/s",
    "per second",
    "bytes",
    "share",
    "percent",
    "count",
    "watts",
    "celsius",
    "days",
    "hours",
    "GPU hours",
    "money",
    "words",
]
"""`share` is 0 to 1 and shown as percent, `percent` is 0 to 100; `words` are values that each have a text. The
currency of `money` stands in the panel's title."""

Colour = Literal["good", "watch", "bad", "quiet"]

WIDTH = 24
"""Columns of the grid, of Grafana as of Perses."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """One question to Prometheus; `legend` may hold {{label}}. Lines have its colour where it means something."""

    expression: str
    legend: str = ""
    colour: Colour | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """From the value `at` on: its colour, and the word that is shown for it where the unit is `words`."""

    at: float
    colour: Colour
    word: str = ""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """What is common to all panels. `shows` is for the reader; `empty` says what it means that nothing is drawn."""

    title: str
    unit: Unit
    shows: str
    empty: str
    queries: tuple[Query, ...]
    width: int
    steps: tuple[Step, ...] = ()

    @property
    def description(self) -> str:
        """What stands behind the panel's information mark."""
        return f"{self.shows} Empty: {self.empty}"


@dataclass(frozen=True, kw_only=True)
class Tile(Panel):
    """One value. With unit `words` it is shown as the word of its step, and colour only repeats the word."""


@dataclass(frozen=True, kw_only=True)
class Lines(Panel):
    """Values over time.

    `stack` where the sum means something; `many` where the legend has more names than a line holds; `top` where the
    axis ends at a whole.
    """

    stack: bool = False
    many: bool = False
    top: float | None = None


@dataclass(frozen=True, kw_only=True)
class Column:
    """A label, or a query by its letter (`A` is the first), with its heading; `width` is in pixels, None shares out."""

    key: str
    heading: str
    unit: Unit = "count"
    width: int | None = None

    @property
    def query(self) -> int | None:
        """The number of the query whose values stand in this column; None for a label."""
        return ord(self.key) - ord("A") if len(self.key) == 1 and self.key.isupper() else None


@dataclass(frozen=True, kw_only=True)
class Table(Panel):
    """One line for each set of labels, now. `order` is the column that it is sorted by, the greatest first;
    with a minus before it, the least first.
    """

    columns: tuple[Column, ...]
    order: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """Panels beside each other, all of one height; those that do not fit go on below."""

    title: str
    panels: tuple[Panel, ...]
    height: int


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A choice above the panels: the values that a label has in a series."""

    name: str
    label: str
    series: str
    value_of: str


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Moments drawn over the lines of Grafana: those at which the expression is above zero."""

    title: str
    expression: str


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """One dashboard for one reader. `uid` stays for ever: addresses and bookmarks hold it."""

    uid: str
    title: str
    reader: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ()
    marks: tuple[Mark, ...] = field(default=())

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels, from the top left to the bottom right."""
        return tuple(panel for row in self.rows for panel in row.panels)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A panel in the grid; `key` is its name within the dashboard, `number` its place from 1 on."""

    panel: Panel
    key: str
    number: int
    x: int
    y: int
    height: int


def placed(row: Row, *, first: int, top: int) -> Iterator[Placed]:
    """The panels of a row in the grid, whose highest line is `top` and whose first panel has the number `first`."""
    x, y = 0, top
    for number, panel in enumerate(row.panels, start=first):
        if x + panel.width > WIDTH:
            x, y = 0, y + row.height
        yield Placed(panel=panel, key=f"panel-{number}", number=number, x=x, y=y, height=row.height)
        x += panel.width
