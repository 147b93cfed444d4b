"""Small questions about a template's tree."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2 import nodes

_RECKONING = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Concat, nodes.Neg)
_DATE = re.compile(r"(?:[^%]|%-?[A-Za-z%]){0,200}", re.DOTALL)


def names_of(target: nodes.Node) -> Iterator[str]:
    """Variables that an assignment or a loop sets."""
    if isinstance(target, nodes.Name):
        yield target.name
    elif isinstance(target, nodes.Tuple | nodes.List):
        for part in target.items:
            yield from names_of(part)


def root_of(node: nodes.Node | None) -> str:
    """The variable that an expression is a part of: x of `x.calls`, `x['a'][0]`, `x.items()` and `x | list`."""
    while node is not None and not isinstance(node, nodes.Name):
        if isinstance(node, nodes.Filter | nodes.Getattr | nodes.Getitem):
            node = node.node
        elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
            node = node.node.node
        else:
            return ""
    return "" if node is None else node.name


def arguments_of(node: nodes.Call | nodes.Filter | nodes.Test) -> list[nodes.Expr]:
    """Everything that a call, a filter or a test is given."""
    spread = [part for part in (node.dyn_args, node.dyn_kwargs) if part is not None]
    return [*node.args, *(keyword.value for keyword in node.kwargs), *spread]


def attributes_of(node: nodes.Filter) -> list[str]:
    """Names of attributes that a filter is given: `sort(attribute='content')`, `join(',', 'content')`."""
    given = [keyword.value for keyword in node.kwargs if keyword.key in ("attribute", "by")]
    given += node.args if node.name in ("join", "sum", "sort", "unique", "min", "max") else []
    constants = [constant for part in given for constant in part.find_all(nodes.Const)]
    constants += [part for part in given if isinstance(part, nodes.Const)]
    return [constant.value for constant in constants if isinstance(constant.value, str)]


def counts_in(loop: nodes.For) -> bool:
    """Whether a loop reckons with what a namespace holds."""
    kept = [assign for assign in loop.find_all(nodes.Assign) if isinstance(assign.target, nodes.NSRef)]
    return any(
        isinstance(part, _RECKONING) for assign in kept for part in (assign.node, *assign.node.find_all(nodes.Expr))
    )


def is_call(node: nodes.Node | None, name: str) -> bool:
    """Whether an expression calls the function of this name."""
    return isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == name


def is_plain_date(node: nodes.Call) -> bool:
    """Whether a date is written by letters alone: a width (`%9999999d`) makes it of any length."""
    text = node.args[0] if len(node.args) == 1 and not node.kwargs else None
    return isinstance(text, nodes.Const) and isinstance(text.value, str) and bool(_DATE.fullmatch(text.value))


def goes_over_keys(node: nodes.Node) -> bool:
    """Whether a loop goes over names, or names and values, of a mapping."""
    if isinstance(node, nodes.Filter):
        return node.name in ("items", "dictsort", "keys")
    method = node.node if isinstance(node, nodes.Call) else None
    return isinstance(method, nodes.Getattr) and method.attr in ("items", "keys")


def macros_of(template: nodes.Template) -> dict[str, nodes.Macro]:
    """The macros of a template by name; of two with one name the last."""
    return {macro.name: macro for macro in template.find_all(nodes.Macro)}


def spaces_of(template: nodes.Template) -> set[str]:
    """Variables that a template makes a namespace."""
    assigned = template.find_all(nodes.Assign)
    return {name for assign in assigned if is_call(assign.node, "namespace") for name in names_of(assign.target)}


def bound_in(template: nodes.Template) -> set[str]:
    """Variables that a template sets itself, anywhere."""
    return {name.name for name in template.find_all(nodes.Name) if name.ctx in ("store", "param")}


def terms_of(node: nodes.Node) -> list[nodes.Node]:
    """What a sum, a product or the like is made of, through all of its signs."""
    open_, found = [node], list[nodes.Node]()
    while open_:
        part = open_.pop()
        if isinstance(part, nodes.BinExpr | nodes.UnaryExpr) and not isinstance(part, nodes.And | nodes.Or | nodes.Not):
            open_ += part.iter_child_nodes()
        else:
            found.append(part)
    return found


def sums_in(node: nodes.Node) -> frozenset[float]:
    """What the constants of a sum or product may come to: `2 + 2` asks for four, though no four stands there."""
    numbers = [abs(term.value) for term in terms_of(node) if isinstance(term, nodes.Const) and _is_number(term.value)]
    return frozenset((sum(numbers),)) if len(numbers) > 1 else frozenset()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
