"""A day, a group of days, and the row that is made of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.cluster.support.days.scene import Identity, Scene

Act = Callable[[Scene], object]


def _nothing(scene: Scene) -> None:
    """Nobody does anything."""


def _none(scene: Scene) -> frozenset[Identity]:
    return frozenset()


@dataclass(frozen=True, kw_only=True)
class Day:
    """One thing that happens: `harm` does it, and the first `make up` must say each of `says`.

    `mend` is what a person does after having read that. `renews` names objects that may be made anew although `harm`
    has left them there, such as those that are still going.
    """

    case: str
    harm: Act
    says: Sequence[str]
    mend: Act = _nothing
    renews: Callable[[Scene], frozenset[Identity]] = _none


@dataclass(frozen=True, kw_only=True)
class Group:
    """Days that happen together. `fails` says how the first command ends; `then` is what is typed next, if not `up`."""

    name: str
    days: Sequence[Day]
    fails: bool = False
    first: Sequence[str] = ("up",)
    then: Sequence[str] = ("up",)
    meanwhile: Act | None = None
    """Done as soon as the first command says `heard`."""
    heard: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What became of a day."""

    case: str
    saw: Sequence[str]
    missing: Sequence[str] = field(default=())
    converged: bool
    kept: bool

    @property
    def good(self) -> bool:
        """Whether everything is as it must be."""
        return not self.missing and self.converged and self.kept
