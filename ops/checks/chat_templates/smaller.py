"""Macros that call themselves: surely with a smaller part of what they were given, or it is a finding.

A part by its name is smaller, for a text has no names. A part by its number, or what a loop takes, is smaller only
where something says that the whole is no text: the first letter of a letter is that letter, for ever. Order does not
count: a variable is smaller if every line of the macro makes it so. Macros that call each other are not followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jinja2 import nodes

from ops.checks.chat_templates.tree import goes_over_keys, macros_of, names_of, root_of

_PICKING = ("first", "last")
_NO_TEXTS = ("mapping", "number", "integer", "float", "boolean", "none")
_WHOLE, _SMALLER = "whole", "smaller"

Known = dict[str, tuple[str, str]]
"""Variables with the parameter that they come from, and whether they are it or a smaller part of it."""


def endless_calls(template: nodes.Template) -> Iterator[tuple[nodes.Call, str]]:
    """Calls of a macro within itself, or of macros within each other, that may not end; with the macro's name."""
    macros = macros_of(template)
    called = {name: {_name(call) for call in macro.find_all(nodes.Call)} for name, macro in macros.items()}
    for name, macro in macros.items():
        safe = _Walk(macro).safe_calls()
        others = {other for other in macros if other != name and name in _reached(other, called)}
        for call in macro.find_all(nodes.Call):
            if (_name(call) == name and id(call) not in safe) or _name(call) in others:
                yield call, name


class _Walk:
    """Follows the parameters of one macro."""

    def __init__(self, macro: nodes.Macro) -> None:
        self._macro = macro
        self._parameters = [argument.name for argument in macro.args]
        self._known: Known = {}
        self._bound: dict[str, list[tuple[str, str] | None]] = {}
        self._safe: set[int] = set()

    def safe_calls(self) -> set[int]:
        """Calls of the macro within itself that give it a smaller part at the same place."""
        set_again = {
            name.name for part in self._macro.body for name in part.find_all(nodes.Name) if name.ctx == "store"
        }
        start: Known = {name: (name, _WHOLE) for name in self._parameters if name not in set_again}
        self._known = dict(start)
        for _ in range(len(set_again) + 2):
            self._bound, before = {}, self._known
            self._body(self._macro.body, frozenset())
            found = {name: _of_all(ways) for name, ways in self._bound.items()}
            self._known = start | {name: way for name, way in found.items() if way is not None}
            if self._known == before:
                break
        self._safe.clear()
        self._body(self._macro.body, frozenset())
        return self._safe

    def _body(self, statements: Sequence[nodes.Node], no_text: frozenset[str]) -> None:
        for node in statements:
            self._statement(node, no_text)

    def _statement(self, node: nodes.Node, no_text: frozenset[str]) -> None:
        match node:
            case nodes.If():
                self._calls(node.test, no_text)
                self._body(node.body, no_text | _no_texts(node.test, holds=True))
                otherwise = no_text | _no_texts(node.test, holds=False)
                for other in node.elif_:
                    self._statement(other, otherwise)
                    otherwise |= _no_texts(other.test, holds=False)
                self._body(node.else_, otherwise)
            case nodes.For():
                self._calls(node.iter, no_text)
                self._loop(node, no_text)
                self._body([*node.body, *node.else_], no_text)
            case nodes.Assign():
                self._calls(node.node, no_text)
                for name in names_of(node.target):
                    whole = isinstance(node.target, nodes.Name)
                    self._bound.setdefault(name, []).append(self._origin(node.node, no_text) if whole else None)
            case nodes.AssignBlock() | nodes.Scope() | nodes.FilterBlock() | nodes.CallBlock():
                for name in names_of(node.target) if isinstance(node, nodes.AssignBlock) else ():
                    self._bound.setdefault(name, []).append(None)
                self._body(node.body, no_text)
            case _:
                self._calls(node, no_text)

    def _loop(self, node: nodes.For, no_text: frozenset[str]) -> None:
        found, root = self._origin(node.iter, no_text), root_of(node.iter)
        if found is not None and (goes_over_keys(node.iter) or root in no_text):
            found = found[0], _SMALLER
        for name in names_of(node.target):
            self._bound.setdefault(name, []).append(found)

    def _calls(self, node: nodes.Node, no_text: frozenset[str]) -> None:
        calls = [node] if isinstance(node, nodes.Call) else []
        for call in [*calls, *node.find_all(nodes.Call)]:
            given = [*zip(self._parameters, call.args, strict=False), *((word.key, word.value) for word in call.kwargs)]
            if _name(call) == self._macro.name and any(
                self._origin(part, no_text) == (name, _SMALLER) for name, part in given
            ):
                self._safe.add(id(call))

    def _origin(self, node: nodes.Node, no_text: frozenset[str]) -> tuple[str, str] | None:
        """The parameter that an expression comes from, and how; None for any other."""
        root = root_of(node)
        found = self._known.get(root)
        if found is None:
            return None
        steps = set(_steps(node))
        smaller = "name" in steps or ("number" in steps and root in no_text)
        return (found[0], _SMALLER) if smaller else found


def _of_all(found: Sequence[tuple[str, str] | None]) -> tuple[str, str] | None:
    """What a variable is if each of these may be it."""
    names = {entry[0] if entry else None for entry in found}
    if None in names or len(names) != 1:
        return None
    ways = {entry[1] for entry in found if entry}
    return str(names.pop()), _SMALLER if ways == {_SMALLER} else _WHOLE


def _name(call: nodes.Call) -> str:
    return call.node.name if isinstance(call.node, nodes.Name) else ""


def _reached(start: str, called: dict[str, set[str]]) -> set[str]:
    found, open_ = set[str](), [start]
    while open_:
        for name in called.get(open_.pop(), set()) - found:
            found.add(name)
            open_.append(name)
    return found


def _steps(node: nodes.Node | None) -> Iterator[str]:
    """How an expression comes from its variable: by a name, by a number or as it is."""
    while node is not None and not isinstance(node, nodes.Name):
        step = _step(node)
        yield step
        node = node.node.node if isinstance(node, nodes.Call) else getattr(node, "node", None)  # type: ignore[attr-defined]


def _step(node: nodes.Node) -> str:
    match node:
        case nodes.Getattr() | nodes.Getitem(arg=nodes.Const(value=str())):
            return "name"
        case nodes.Call(node=nodes.Getattr(attr="get"), args=[nodes.Const(value=str()), *_]):
            return "name"
        case nodes.Getitem(arg=nodes.Slice()):
            return _WHOLE
        case nodes.Getitem():
            return "number"
        case nodes.Filter(name=name) if name in _PICKING:
            return "number"
        case _:
            return _WHOLE


def _no_texts(test: nodes.Node, *, holds: bool) -> frozenset[str]:
    """Variables that are no texts where a condition holds, or where it does not."""
    if isinstance(test, nodes.Not):
        return _no_texts(test.node, holds=not holds)
    if isinstance(test, nodes.And | nodes.Or) and isinstance(test, nodes.And) is holds:
        return _no_texts(test.left, holds=holds) | _no_texts(test.right, holds=holds)
    if isinstance(test, nodes.Test) and isinstance(test.node, nodes.Name):
        said = test.name in _NO_TEXTS if holds else test.name == "string"
        return frozenset((test.node.name,)) if said else frozenset()
    return frozenset()
