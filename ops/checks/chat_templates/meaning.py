"""What a template asks of what is said: each expression's origin is followed, and each condition on it is looked at.

Names are followed without their order: a variable is whatever any line makes of it. So nothing hides behind an order of
lines that is not understood, and what is said stays said wherever it is copied to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from jinja2 import nodes

from ops.checks.chat_templates import words
from ops.checks.chat_templates.finding import shown
from ops.checks.chat_templates.reckoning import Reckoning
from ops.checks.chat_templates.tree import (
    arguments_of,
    bound_in,
    counts_in,
    goes_over_keys,
    is_plain_date,
    macros_of,
    names_of,
    spaces_of,
)
from ops.checks.chat_templates.value import CONSTANT, NOTHING, Value, join, made, part_of

_ROUNDS = 24
"""Assignments that hang on each other are followed so many times; public templates need four."""

_SAID = Value(said=True)


class Meaning(Reckoning):
    """Reads one template; `findings` are what was found in the last round."""

    def __init__(self, template: nodes.Template) -> None:
        """Collect names, then read until nothing new is known."""
        super().__init__()
        self.template = template
        self.macros, self.spaces, self.bound = macros_of(template), spaces_of(template), bound_in(template)
        self._unset = Value(later=True)  # what is never set here, a request may set: in the end it is said
        self._seen: dict[int, Value] = {}
        self._read: dict[type[nodes.Node], Callable[..., Value]] = {
            nodes.Const: self._const,
            nodes.TemplateData: lambda node: self._text(node.data),
            nodes.Name: self._name,
            nodes.NSRef: lambda node: self.known.get(f"{node.name}.{node.attr}", self._unset),
            nodes.Getattr: self._getattr,
            nodes.Getitem: self._getitem,
            nodes.Slice: self._parts,
            nodes.Concat: self.concat,
            nodes.Compare: self.compare,
            nodes.Not: lambda node: self.asked(node, self.value(node.node)),
            nodes.CondExpr: self.either,
            nodes.Filter: self._filter,
            nodes.Test: self._test,
            nodes.Call: self._call,
            nodes.Keyword: lambda node: self.value(node.value),
            nodes.Dict: self._dict,
            nodes.Pair: lambda node: join((self.value(node.key), self.value(node.value))),
            nodes.Output: lambda node: join(map(self.value, node.nodes)),
            nodes.Pow: self.power,
            nodes.If: self._if,
            nodes.For: self._for,
            nodes.Assign: self.assigned,
            nodes.AssignBlock: self.assigned_block,
            nodes.Macro: self._macro,
            nodes.CallBlock: self._call_block,
            nodes.FilterBlock: self._filter_block,
            **dict.fromkeys((nodes.Break, nodes.Continue), lambda _: NOTHING),
            **dict.fromkeys((nodes.List, nodes.Tuple), self._list),
            **dict.fromkeys((nodes.And, nodes.Or), self.logic),
            **dict.fromkeys((nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv), self.sum),
            **dict.fromkeys((nodes.Mod, nodes.Neg, nodes.Pos), self.sum),
            **dict.fromkeys((nodes.Template, nodes.Scope), lambda node: self.body(node.body)),
        }
        self._follow()

    def _follow(self) -> None:
        for _ in range(_ROUNDS):
            before = dict(self.known)
            self.findings.clear()
            self._seen.clear()
            self.refuse_names(self.template)
            self.value(self.template)
            if self.known == before:
                if self._unset.said:
                    return
                self._unset = _SAID
        self.find(self.template, "variables", "has variables that hang on each other in too many ways", refused=True)

    def value(self, node: nodes.Node) -> Value:
        """What is known of an expression's value, or of what a statement puts out."""
        if id(node) in self._seen:  # each part once a round: a template may nest as deep as the parser lets it
            return self._seen[id(node)]
        found = self._seen[id(node)] = self._value(node)
        return found

    def _value(self, node: nodes.Node) -> Value:
        read = self._read.get(type(node))
        if read is None:
            kind = type(node).__name__
            refused = isinstance(node, nodes.Include | nodes.Import | nodes.FromImport | nodes.Extends | nodes.Block)
            why = "names another template: the server has none" if refused else "is no part of templates known here"
            self.find(node, f"statement:{kind}", f"{kind} {why}", refused=refused)
            return join((_SAID, *map(self.value, node.iter_child_nodes())))
        return read(node)

    def body(self, statements: Sequence[nodes.Node]) -> Value:
        """What a list of statements puts out."""
        return join(map(self.value, statements))

    def _const(self, node: nodes.Const) -> Value:
        if isinstance(node.value, str):
            return self._text(node.value)
        if isinstance(node.value, bool) or node.value is None:
            return CONSTANT
        return Value(numbers=frozenset((node.value,)))

    @staticmethod
    def _text(text: str) -> Value:
        return Value(texts=frozenset((text,)))

    def _name(self, node: nodes.Name) -> Value:
        name = node.name
        if name.startswith("_") and name not in self.bound:
            self.find(node, f"variable:{name}", f"reads {shown(name)}, a name of Python's own", refused="__" in name)
        if name in self.macros or name in self.spaces or name in words.FUNCTIONS | {"loop"}:
            self.find(node, f"variable:{name}", f"uses {name} itself as a value")
        if name in self.bound:
            known = self.known.get(name, NOTHING if name in words.INPUTS else self._unset)
            token = Value(texts=frozenset((f"({name})",))) if name in words.TOKENS else NOTHING
            return replace(known, said=True) if name in words.SAID else join((known, token))
        if name in words.SAID:
            return _SAID
        if name in words.TOKENS:
            return Value(texts=frozenset((f"({name})",)))
        if name not in words.INPUTS and name not in words.FUNCTIONS and name not in self.macros and name != "loop":
            self.find(node, f"variable:{name}", f"reads the variable {shown(name)}, which no template known here has")
            return _SAID
        return NOTHING

    def _getattr(self, node: nodes.Getattr) -> Value:
        return self._key(node, node.node, node.attr)

    def _getitem(self, node: nodes.Getitem) -> Value:
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self._key(node, node.node, node.arg.value)
        whole, key = self.value(node.node), self.value(node.arg)
        if isinstance(node.arg, nodes.Slice):
            if whole.texts and (key.said or key.date) and not whole.said:
                self.find(node, "key:computed", "takes as much of its own text as what is said, or the date, decides")
            found = join((whole, key)).plain()
            changed = whole.word or (whole.texts and not whole.lookup)
            return replace(made(found) if changed else found, lookup=whole.lookup)
        self.key_asked(node, whole, key)
        return part_of(whole, intact=whole.lookup)

    def _key(self, node: nodes.Node, whole: nodes.Node, key: str) -> Value:
        """`x.key` and `x['key']`, which are the same to Jinja."""
        self.refuse_hidden(node, key)
        if isinstance(whole, nodes.Name) and whole.name in self.spaces:
            return self.known.get(f"{whole.name}.{key}", self._unset)
        if isinstance(whole, nodes.Name) and whole.name == "loop":
            if key not in words.LOOP:
                self.find(node, f"loop:{key}", f"asks loop.{shown(key)}")
            return replace(_SAID, item=True) if key in ("previtem", "nextitem") else Value(said=True)
        found = self.value(whole)
        if key in words.STRUCTURE:
            return Value(word=True, texts=found.texts, numbers=found.numbers)
        if found.said and key not in words.KEYS:
            self.find(node, f"key:{key}", f"reads {shown(key)} of what is said, a name that messages do not have")
        return replace(found.plain(), item=key in words.MAPPINGS and not found.held)

    def _parts(self, node: nodes.Node) -> Value:
        return join(map(self.value, node.iter_child_nodes())).plain()

    def _list(self, node: nodes.List | nodes.Tuple) -> Value:
        found = join((CONSTANT, *map(self.value, node.items))).plain()
        return replace(found, lookup=bool(found.texts), held=found.said)

    def _dict(self, node: nodes.Dict) -> Value:
        for pair in node.items:
            if self.value(pair.key).said and len(node.items) > 1:
                self.find(pair, "lookup", "has what is said as a key beside other keys: that compares the two")
            self._disguised(pair, getattr(pair.key, "value", None), pair.value)
        found = join((CONSTANT, *map(self.value, node.items))).plain()
        return replace(found, lookup=bool(found.texts), held=found.said)

    def _disguised(self, node: nodes.Node, key: object, value: nodes.Node) -> None:
        """What is said may not pass for a role: roles are compared with the words of protocols."""
        if key in words.STRUCTURE and self.value(value).said:
            self.find(node, "lookup", f"puts what is said under {shown(str(key))}, where a word of a protocol stands")

    def _filter(self, node: nodes.Filter) -> Value:
        whole = self.value(node.node) if node.node is not None else NOTHING
        return self.filtered(node, whole, [self.value(part) for part in arguments_of(node)])

    def _test(self, node: nodes.Test) -> Value:
        if node.name in ("defined", "undefined", "callable") and self._is_function(node.node):
            return NOTHING
        parts = [self.value(part) for part in (node.node, *arguments_of(node))]
        if node.name in words.COMPARISONS:
            self.compared(node, parts[0], join(parts[1:]))
        elif node.name not in words.TESTS:
            self.find(node, f"test:{node.name}", f"asks 'is {node.name}'")
        return replace(CONSTANT, said=any(part.said for part in parts))

    def _is_function(self, node: nodes.Node) -> bool:
        return isinstance(node, nodes.Name) and (node.name in words.FUNCTIONS or node.name in self.macros)

    def _call(self, node: nodes.Call) -> Value:
        given = [self.value(part) for part in arguments_of(node)]
        if isinstance(node.node, nodes.Getattr | nodes.Getitem):
            return self._method(node, node.node, given)
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        if name in self.macros:
            self._pass(self.macros[name], node)
            return join((self.known.get(f"{name}()", self._unset), *given)).plain()
        if name not in words.FUNCTIONS or name in self.bound:
            self.find(node, f"call:{name or 'expression'}", f"calls {name or 'the result of an expression'}")
        if name == "dict" and node.args:
            self.find(node, "call:dict", "makes a mapping of something else than names and values")
        if name == "strftime_now" and not is_plain_date(node):
            self.find(node, "call:strftime_now", "writes the date in a way that it puts together, or with widths")
        for keyword in node.kwargs if name == "dict" else ():
            self._disguised(node, keyword.key, keyword.value)
        if name == "range":
            self.asked(node, join(given))
        if name in ("dict", "namespace"):
            names = frozenset(keyword.key for keyword in node.kwargs)
            return replace(join((*given, Value(texts=names))).plain(), lookup=bool(names), held=True)
        known = self.known.get(f"{name}()", self._unset if name == "caller" else NOTHING)
        return join((*given, known, Value(date=name == "strftime_now"))).plain()

    def _method(self, node: nodes.Call, callee: nodes.Getattr | nodes.Getitem, given: list[Value]) -> Value:
        key = callee.attr if isinstance(callee, nodes.Getattr) else getattr(callee.arg, "value", "")
        self.refuse_hidden(node, str(key))
        whole = self.value(callee.node)
        first = node.args[0] if node.args else None
        if key == "get" and isinstance(first, nodes.Const):
            return join((self._key(node, callee.node, str(first.value)), *given[1:])).plain()
        if key == "get" and given:
            self.key_asked(node, whole, given[0])
        if not isinstance(callee, nodes.Getattr) or key not in words.METHODS:
            self.find(node, f"method:{key}", f"calls .{shown(str(key))[1:-1]}()")
        return self.searched(node, str(key), whole, given)

    def _pass(self, macro: nodes.Macro, call: nodes.Call) -> None:
        names = [argument.name for argument in macro.args]
        for name, part in zip(names, call.args, strict=False):
            self.bind(name, self.value(part))
        for keyword in call.kwargs:
            self.bind(keyword.key, self.value(keyword.value))
        for spread in (*call.args[len(names) :], *filter(None, (call.dyn_args, call.dyn_kwargs))):
            self.find(spread, "call:arguments", f"calls {macro.name} with arguments that it does not name")

    def _if(self, node: nodes.If) -> Value:
        self.asked(node.test, self.value(node.test))
        return join((self.body(node.body), self.body(node.elif_), self.body(node.else_)))

    def _for(self, node: nodes.For) -> Value:
        over = self.value(node.iter)
        if over != NOTHING and not (over.said or over.word or over.later) and counts_in(node):
            self.find(node, "loop:constant", "counts as often as its own constants say")
        self.asked(node, over)  # to turn no times is what a condition does
        part = part_of(over, intact=over.lookup)
        names = list(names_of(node.target))
        for name in names:
            keys = goes_over_keys(node.iter)
            self.bind(name, replace(part, key=keys and name == names[0], item=part.item and not keys))
        if node.test is not None:
            self.asked(node.test, self.value(node.test))
        return join((self.body(node.body), self.body(node.else_)))

    def _macro(self, node: nodes.Macro) -> Value:
        for argument, default in zip(reversed(node.args), reversed(node.defaults), strict=False):
            self.bind(argument.name, self.value(default))
        self.bind(f"{node.name}()", self.text_of(node.body))
        return NOTHING

    def _call_block(self, node: nodes.CallBlock) -> Value:
        for argument in node.args:
            self.bind(argument.name, _SAID)
        body = self.text_of(node.body)
        self.bind("caller()", body)
        return join((self.value(node.call), body))

    def _filter_block(self, node: nodes.FilterBlock) -> Value:
        return self.filtered(
            node.filter, self.body(node.body), [self.value(part) for part in arguments_of(node.filter)]
        )
