"""How much a template makes a server do: each loop has an end that is known, and nothing grows by itself.

Bounds go by the order of the lines. Walking down a message (its calls, their arguments, the parts of those) is one
walk; a walk through all messages for each message is the square, which public templates do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jinja2 import nodes

from ops.checks.chat_templates.amounts import Amounts, is_number
from ops.checks.chat_templates.size import NONE, ONE, SAID, Size, largest, together
from ops.checks.chat_templates.smaller import endless_calls
from ops.checks.chat_templates.tree import is_call, macros_of, names_of, root_of

_MOST_TURNS = 1_000_000
_MOST_CHARACTERS = 100_000_000
_MANY_TURNS = 20_000
_MANY_CHARACTERS = 2_000_000
"""What known templates stay below; above, a person looks at it."""

_MOST_TURNS_DEGREE = 3
_MOST_CHARACTERS_DEGREE = 6
_COUNTS = ("length", "count", "int", "float", "abs")
_PADDING = ("indent", "tojson", "round")
"""Filters that repeat something as often as their number says."""

_MULTIPLIES = ("join", "replace")
_COMPARE = (nodes.Compare, nodes.Test, nodes.Not)


class Work(Amounts):
    """Walks one template; `findings` are the loops and growths whose end is not known."""

    def __init__(self, template: nodes.Template) -> None:
        """Walk it."""
        super().__init__()
        self._macros = macros_of(template)
        self._done: dict[str, tuple[Size, Size]] = {}
        self._open: list[nodes.Macro] = []
        self._parts: set[str] = set()
        self._edges: list[tuple[nodes.Node, str, tuple[str, ...]]] = []
        self._over: list[tuple[str, ...]] = []
        size, turns = self._body(template.body)
        self._bounded(template, size, turns)
        self._refuse_doubling()
        for call, name in endless_calls(template):
            rule = f"calls the macro {name} within itself with no smaller part of what it was given: it may not end"
            self.find(call, f"recursion:{name}", rule)

    def _refuse_doubling(self) -> None:
        """What a namespace holds may go into itself once a turn: twice, and it doubles with every turn."""
        leads: dict[str, set[str]] = {}
        for _, name, held in self._edges:
            leads.setdefault(name, set()).update(held)
        for node, name, held in self._edges:
            again = [one for one in held if name in _reached(one, leads)]
            if len(again) > 1:
                rule = f"makes {name} of itself more than once in a loop: it doubles with every turn"
                self.find(node, f"growth:{name}", rule)

    def _bounded(self, node: nodes.Node, size: Size, turns: Size) -> None:
        if turns.constant > _MOST_TURNS or turns.degree > _MOST_TURNS_DEGREE:
            self.find(node, "work", f"may turn its loops {_said(turns)} times for n characters said", refused=True)
        elif turns.constant > _MANY_TURNS:
            self.find(node, "work:turns", f"may turn its loops {_said(turns)} times for n characters said")
        if size.constant > _MOST_CHARACTERS or size.degree > _MOST_CHARACTERS_DEGREE:
            self.find(node, "work", f"may write {_said(size)} characters for n said", refused=True)
        elif size.constant > _MANY_CHARACTERS:
            self.find(node, "work:characters", f"may write {_said(size)} characters for n said")

    def _body(self, statements: Sequence[nodes.Node]) -> tuple[Size, Size]:
        """What statements write, and the turns of their loops."""
        found = [self._statement(statement) for statement in statements]
        return together(size for size, _ in found), together(turns for _, turns in found)

    def _statement(self, node: nodes.Node) -> tuple[Size, Size]:  # noqa: PLR0911 (one line a kind)
        match node:
            case nodes.Output():
                return together(map(self._size, node.nodes)), self._calls(node)
            case nodes.If():
                parts: tuple[Sequence[nodes.Node], ...] = (node.body, node.elif_, node.else_)
                ways = [self._body(part) for part in parts]
                turns = together((self._calls(node.test), *(turns for _, turns in ways)))
                return largest(size for size, _ in ways), turns
            case nodes.For():
                return self._loop(node)
            case nodes.Assign():
                self._set(node, node.target, node.node, self._size(node.node))
                return NONE, self._calls(node.node)
            case nodes.AssignBlock():
                size, turns = self._body(node.body)
                self._set(node, node.target, None, size)
                return NONE, turns
            case nodes.Macro():
                return NONE, NONE
            case nodes.Scope() | nodes.FilterBlock():
                return self._body(node.body)
            case nodes.CallBlock():
                size, turns = self._body(node.body)
                return size.times(self._size(node.call)), turns.times(self._calls(node.call))
            case _:
                return NONE, NONE

    def _loop(self, node: nodes.For) -> tuple[Size, Size]:
        if node.recursive:
            self.find(node, "loop:recursive", "has a recursive loop", refused=True)
        part = root_of(node.iter) in self._parts
        count = self._size(node.iter).alone()
        turns = Size(constant=count.constant) if part and count.degree else count
        calls = self._calls(node.iter)
        names = set(names_of(node.target))
        inner, kept = self._parts | names if root_of(node.iter) else self._parts, self._parts
        self.sizes.update(dict.fromkeys(names, count))
        self._parts = inner
        for name in names:
            self.amounts.pop(name, None)
        if is_call(node.iter, "range"):
            self.amounts.update(dict.fromkeys(names, count))
        self._over.append(self._size(node.iter).carried)
        before = dict(self.sizes)
        size, inside = self._body(node.body)
        self._over.pop()
        self._parts = kept
        for name, now in self.sizes.items():
            if "." in name and name in before and now != before[name]:
                self.sizes[name] = _grown(before[name], now, turns)
        size_else, turns_else = self._body(node.else_)
        written = size.alone().times(turns)
        done = largest((ONE, inside.alone())).times(turns)
        return together((written, size_else)), together((done, turns_else, calls))

    def _set(self, node: nodes.Node, target: nodes.Node, value: nodes.Node | None, size: Size) -> None:
        """A variable gets a value, which `value` may have made."""
        if isinstance(target, nodes.NSRef):
            name = f"{target.name}.{target.attr}"
            if self._over:
                # Within a loop over what is carried, once for each part of it: that is as often as it is long.
                over = [name for names in self._over[1:] for name in names]
                self._edges.append((node, name, (*size.carried, *over)))
            self.keep(name, value, largest((self.sizes.get(name, ONE), size.alone())))
            return
        names = list(names_of(target))
        for keyword in getattr(value, "kwargs", ()) if is_call(value, "namespace") else ():
            for name in names:
                self.keep(f"{name}.{keyword.key}", keyword.value, self._size(keyword.value))
        for name in names:
            self.keep(name, value, size)
            if root_of(value) in self._parts:
                self._parts = self._parts | {name}
        self._bounded(node, size, ONE)

    def _calls(self, node: nodes.Node) -> Size:
        """Turns of the loops in the macros that an expression calls."""
        calls = [node] if isinstance(node, nodes.Call) else []
        calls += list(node.find_all(nodes.Call))
        return together(self._called(call)[1] for call in calls)

    def _called(self, call: nodes.Call) -> tuple[Size, Size]:
        name = call.node.name if isinstance(call.node, nodes.Name) else ""
        macro = self._macros.get(name)
        if macro is None:
            return ONE, NONE
        if macro in self._open:
            return SAID, ONE
        if name not in self._done:
            self._done[name] = self._measure(macro)
        size, turns = self._done[name]
        sizes = [self._size(part) for part in call.args]
        held = [name for place, part in enumerate(sizes) for name in part.carried * _uses(macro, place)]
        given = largest((ONE, *sizes))
        more = Size(constant=given.constant, degree=max(0, given.degree - 1))
        return replace(size.times(more), carried=tuple(held)), together((ONE, turns.times(more)))

    def _measure(self, macro: nodes.Macro) -> tuple[Size, Size]:
        """A macro by itself, with arguments of any size that is said."""
        kept = self.sizes, self._parts, self.amounts
        names = {argument.name for argument in macro.args}
        self.sizes, self._parts = {**self.sizes, **dict.fromkeys(names, SAID)}, set(names)
        self.amounts = {name: size for name, size in self.amounts.items() if name not in names}
        self._open.append(macro)
        found = self._body(macro.body)
        self._open.pop()
        self.sizes, self._parts, self.amounts = kept
        return found

    def _size(self, node: nodes.Node) -> Size:  # noqa: PLR0911, PLR0912 (one line a kind)
        match node:
            case nodes.Const():
                return _constant(node.value)
            case nodes.TemplateData():
                return Size(constant=len(node.data))
            case nodes.Name() | nodes.NSRef():
                return self.sizes.get(node.name, SAID)
            case nodes.Getattr(node=nodes.Name(name=space), attr=attr) if f"{space}.{attr}" in self.sizes:
                return replace(self.sizes[f"{space}.{attr}"], carried=(f"{space}.{attr}",))
            case nodes.Getattr() | nodes.Getitem() | nodes.Slice():
                return self._size(node.node) if not isinstance(node, nodes.Slice) else ONE
            case nodes.Mul():
                return self._product(node)
            case nodes.CondExpr():
                return largest(self._size(part) for part in (node.expr1, node.expr2) if part is not None)
            case nodes.And() | nodes.Or():
                return largest((self._size(node.left), self._size(node.right)))
            case nodes.Filter():
                return self._filtered(node)
            case nodes.Call():
                return self._result(node)
            case _ if isinstance(node, _COMPARE):
                return ONE
            case nodes.Mod() if self.amount(node.left) is None:
                self.find(node, "method:format", "fills a text by %, which can make it of any length")
                return self._size(node.left)
            case nodes.Mod() | nodes.Sub() | nodes.Div() | nodes.FloorDiv():
                return largest((self._size(node.left), self._size(node.right)))
            case _:
                return together(self._size(part) for part in node.iter_child_nodes())

    def _product(self, node: nodes.Mul) -> Size:
        """Of two numbers a number, of a text and a number the text as often."""
        sides = [(side, other) for side, other in ((node.left, node.right), (node.right, node.left))]
        if all(self.amount(side) is not None for side, _ in sides):
            return ONE
        text, count = next(((a, b) for a, b in sides if self.amount(b) is not None), (node.left, node.right))
        return self._size(text).repeated(self.repeated(node, [count], "repeats"))

    def _filtered(self, node: nodes.Filter) -> Size:
        whole = ONE if node.node is None else self._size(node.node)
        given = [*node.args, *(keyword.value for keyword in node.kwargs)]
        if node.name in _COUNTS:
            return ONE
        if node.name in _PADDING:
            numbers = [part for part in given if not (isinstance(part, nodes.Const) and not is_number(part.value))]
            numbers = [part for part in numbers if not isinstance(part, nodes.Tuple | nodes.List)]
            return whole.times(self.repeated(node, numbers, "indents")).times(largest((ONE, *map(self._size, given))))
        if node.name in _MULTIPLIES:
            return self._multiplied(whole, given)
        return largest((whole, *map(self._size, given))) if node.name in ("default", "d") else whole

    def _multiplied(self, whole: Size, given: Sequence[nodes.Expr]) -> Size:
        """What joins or replaces: as many as the longest that is given. By something shorter nothing grows."""
        texts = [part.value for part in given if isinstance(part, nodes.Const) and isinstance(part.value, str)]
        if len(given) == len(texts) == 2 and len(texts[1]) <= len(texts[0]):
            return whole
        return whole.repeated(largest((ONE, *map(self._size, given))))

    def _result(self, node: nodes.Call) -> Size:
        given = [*node.args, *(keyword.value for keyword in node.kwargs)]
        if isinstance(node.node, nodes.Name):
            if node.node.name in self._macros:
                return self._called(node)[0]
            if node.node.name == "range":
                return self.repeated(node, given, "loops")
            return together((ONE, *map(self._size, given)))
        if isinstance(node.node, nodes.Getattr):
            whole = self._size(node.node.node)
            if node.node.attr in _MULTIPLIES:
                return self._multiplied(whole, given)
            return largest((whole, *map(self._size, given)))
        return together((SAID, *map(self._size, given)))


def _reached(start: str, leads: dict[str, set[str]]) -> set[str]:
    found, open_ = {start}, [start]
    while open_:
        for name in leads.get(open_.pop(), set()) - found:
            found.add(name)
            open_.append(name)
    return found


def _uses(macro: nodes.Macro, place: int) -> int:
    """How often a macro names what a call gives it at this place, at most twice: twice is doubling already."""
    name = macro.args[place].name if place < len(macro.args) else ""
    return min(2, sum(use.name == name and use.ctx == "load" for use in macro.find_all(nodes.Name)))


def _grown(before: Size, now: Size, turns: Size) -> Size:
    """What a namespace holds behind a loop, of which each turn may add as much as `now`."""
    return largest((before, now.alone().times(turns)))


def _constant(value: object) -> Size:
    return Size(constant=max(1, len(value))) if isinstance(value, str) else ONE


def _said(size: Size) -> str:
    return f"{size.constant} * n^{size.degree}" if size.degree else str(size.constant)
