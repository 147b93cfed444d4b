"""How much the numbers of a template may be, by which it repeats something: what nothing bounds is a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from jinja2 import nodes

from ops.checks.chat_templates.finding import Finding
from ops.checks.chat_templates.size import NONE, ONE, SAID, Size, largest, together

_HUGE = 10**15


class Amounts:
    """Keeps what is known of variables: `sizes` of all, `amounts` of those that surely hold a bounded number."""

    def __init__(self) -> None:
        """Nothing is known."""
        self.findings: set[Finding] = set()
        self.sizes: dict[str, Size] = {}
        self.amounts: dict[str, Size] = {}

    def find(self, node: nodes.Node, name: str, rule: str, *, refused: bool = False) -> None:
        """Keep a finding."""
        self.findings.add(Finding(line=node.lineno, name=name, rule=rule, refused=refused))

    def keep(self, name: str, value: nodes.Node | None, size: Size) -> None:
        """A variable is set; once it may hold something else than a bounded number, it is none."""
        amount = None if value is None else self.amount(value)
        still = name not in self.sizes or name in self.amounts
        self.sizes[name] = size
        if amount is not None and still:
            self.amounts[name] = largest((amount.alone(), self.amounts.get(name, NONE)))
        else:
            self.amounts.pop(name, None)

    def amount(self, node: nodes.Node) -> Size | None:  # noqa: PLR0911 (one line a kind of expression)
        """How much a number may be; None where nothing bounds it, as where a request or a message states it."""
        match node:
            case nodes.Const():
                return _constant(node.value)
            case nodes.Filter(name="length" | "count") | nodes.Getattr(node=nodes.Name(name="loop")):
                return SAID
            case nodes.Name():
                return self.amounts.get(node.name)
            case nodes.Getattr(node=nodes.Name(name=space), attr=attr):
                return self.amounts.get(f"{space}.{attr}")
            case nodes.Mul():
                return _all(self._both(node), lambda sides: sides[0].times(sides[1]))
            case nodes.Add() | nodes.Sub() | nodes.FloorDiv() | nodes.Mod():
                return _all(self._both(node), together)
            case nodes.Neg() | nodes.Pos():
                return self.amount(node.node)
            case nodes.CondExpr(expr2=nodes.Expr() as other):
                return _all([self.amount(node.expr1), self.amount(other)], largest)
            case _:
                return None

    def repeated(self, node: nodes.Node, by: Iterable[nodes.Expr], what: str) -> Size:
        """How often something is repeated, by the largest of some numbers."""
        amounts = [self.amount(part) for part in by]
        if None in amounts:
            rule = f"{what} something as often as a number says that nothing bounds: who sets it can stop the server"
            self.find(node, f"repeat:{what}", rule)
        return largest((ONE, *(amount for amount in amounts if amount is not None)))

    def _both(self, node: nodes.BinExpr) -> list[Size | None]:
        return [self.amount(node.left), self.amount(node.right)]


def _all(sizes: Sequence[Size | None], made: Callable[[list[Size]], Size]) -> Size | None:
    known = [size for size in sizes if size is not None]
    return made(known) if len(known) == len(sizes) else None


def is_number(value: object) -> bool:
    """Whether a constant is a number that something may be repeated by."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _constant(value: object) -> Size | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Size(constant=_HUGE if not abs(value) < _HUGE else max(1, abs(int(value))))
    return ONE if value is None else None
