"""What becomes of values that a template reckons with, puts together or compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from jinja2 import nodes

from ops.checks.chat_templates.setting import Setting
from ops.checks.chat_templates.tree import root_of, sums_in, terms_of
from ops.checks.chat_templates.value import CONSTANT, Value, join, made


class Reckoning(Setting):
    """Operators; a text that they make of constants is none that stands in the template."""

    def sum(self, node: nodes.Node) -> Value:
        """`+`, `-`, `*`, `/` and the like."""
        parts = [self.value(part) for part in node.iter_child_nodes()]
        if isinstance(node, nodes.Mod) and parts[0].texts:
            self.find(node, "method:format", "fills a text by %, which can make it of any length")
        self.scaled(node, parts)
        found = join(parts).plain()
        several = isinstance(node, nodes.Add) and sum(part.said or part.word for part in parts) > 1
        found = made(found) if found.texts or several else found
        # A namespace that counts in a loop counts what is said.
        counts = any(root_of(part) in self.spaces for part in terms_of(node))
        return replace(found, said=found.said or counts, numbers=found.numbers | sums_in(node))

    def concat(self, node: nodes.Concat) -> Value:
        """`~`: another text."""
        parts = [self.value(part) for part in node.nodes]
        return made(join(parts).plain())

    def scaled(self, node: nodes.Node, parts: Sequence[Value]) -> None:
        """Reckoning with what is said, or with the date, as a condition: `'x' * (n // 500)` is one."""
        found = join(parts)
        if found.date and not isinstance(node, nodes.Add):
            self.find(node, "date", "reckons with the day: it would do something else from a day on")
        scaled = isinstance(node, nodes.Div | nodes.FloorDiv | nodes.Mul) and any(part.numbers for part in parts)
        for number in sorted(found.numbers) if scaled and found.said else ():
            self.find(node, f"number:{number}", f"reckons with what is said, or how much of it, by {number}")

    def power(self, node: nodes.Pow) -> Value:
        """`**`."""
        self.find(node, "power", "raises to a power, which can make a number of any length", refused=True)
        return join(map(self.value, node.iter_child_nodes())).plain()

    def compare(self, node: nodes.Compare) -> Value:
        """`==`, `in` and the like."""
        parts = [self.value(node.expr), *(self.value(operand.expr) for operand in node.ops)]
        for one, other in pairwise(parts):
            self.compared(node, one, other)
        return replace(CONSTANT, said=any(part.said for part in parts))

    def logic(self, node: nodes.And | nodes.Or) -> Value:
        """`and`, `or`: each side is asked, and is what comes out."""
        sides = [self.asked(side, self.value(side)) for side in (node.left, node.right)]
        return join((*sides, self.value(node.left), self.value(node.right)))

    def either(self, node: nodes.CondExpr) -> Value:
        """`a if b else c`."""
        self.asked(node.test, self.value(node.test))
        return join(self.value(side) for side in (node.expr1, node.expr2) if side is not None)
