"""An upper bound of how large a value of a template gets, as `constant * n ** degree`, n being what is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

_CAP = 10**15
"""No bound is counted beyond it: a template's own numbers may have any length."""

_HELD = 1000


@dataclass(frozen=True, kw_only=True)
class Size:
    """The bound: of a text its length, of a list the sum of its parts, of an amount the number.

    `carried`: what of namespaces it holds, which stays from one turn of a loop to the next, a name as often as it does.
    """

    constant: int = 1
    degree: int = 0
    carried: tuple[str, ...] = ()

    def times(self, other: Size) -> Size:
        """One of these for each of those."""
        constant = min(_CAP, self.constant * other.constant)
        return Size(
            constant=constant, degree=self.degree + other.degree, carried=(self.carried + other.carried)[:_HELD]
        )

    def repeated(self, by: Size) -> Size:
        """This as often as that says; what it holds of namespaces it then holds more than once."""
        found = self.times(by)
        more = by.constant > 1 or by.degree > 0
        return Size(
            constant=found.constant, degree=found.degree, carried=found.carried + (self.carried if more else ())
        )

    def alone(self) -> Size:
        """The bound without what it holds of namespaces."""
        return Size(constant=self.constant, degree=self.degree)


NONE = Size(constant=0)
ONE = Size()
SAID = Size(degree=1)


def together(sizes: Iterable[Size]) -> Size:
    """All of them one behind the other."""
    parts = list(sizes)
    return Size(
        constant=min(_CAP, sum(part.constant for part in parts)),
        degree=max((part.degree for part in parts), default=0),
        carried=tuple(name for part in parts for name in part.carried)[:_HELD],
    )


def largest(sizes: Iterable[Size]) -> Size:
    """One of them, whichever."""
    parts = list(sizes)
    held: Counter[str] = Counter()
    for part in parts:
        held |= Counter(part.carried)
    return Size(
        constant=max((part.constant for part in parts), default=0),
        degree=max((part.degree for part in parts), default=0),
        carried=tuple(sorted(held.elements()))[:_HELD],
    )
