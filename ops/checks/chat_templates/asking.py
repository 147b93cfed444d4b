"""Where a template compares, looks for or asks for something: the rules of what it may ask of what is said."""

from __future__ import annotations

from dataclasses import replace

from jinja2 import nodes

from ops.checks.chat_templates import words
from ops.checks.chat_templates.finding import Finding, shown
from ops.checks.chat_templates.tree import attributes_of
from ops.checks.chat_templates.value import MADE, Value, join, made, strange_numbers, strange_texts

_NAMED = ("map", "select", "reject", "selectattr", "rejectattr")
"""Filters that name another filter, a test or an attribute."""


class Asking:
    """Collects findings; whoever reads a template tells what is asked."""

    def __init__(self) -> None:
        """Begin with none."""
        self.findings: set[Finding] = set()

    def find(self, node: nodes.Node, name: str, rule: str, *, refused: bool = False) -> None:
        """Keep a finding."""
        safe = name if name.isprintable() and name.isascii() and len(name) <= 80 else shown(name, 80)
        self.findings.add(Finding(line=node.lineno, name=safe, rule=rule, refused=refused))

    def refuse_hidden(self, node: nodes.Node, key: str) -> None:
        """Names that begin with _ are Python's: the way out of a sandbox goes through them."""
        if any(part.startswith("_") for part in key.split(".")):
            self.find(node, f"attribute:{key}", f"reaches for {shown(key)}, an attribute of Python's own", refused=True)

    def compared(self, node: nodes.Node, one: Value, other: Value) -> None:
        """Two values are compared, or one is looked for in the other."""
        if (one.date or other.date) and (one.texts or other.texts or one.numbers or other.numbers):
            self.find(node, "date", "asks what day it is: it would do something else from a day on")
        for asked, by in ((one, other), (other, one)):
            known = words.MARKERS | (words.KEYS | words.ROLES if asked.key or asked.item else frozenset())
            if asked.said:
                for text in strange_texts(by, known):
                    what = "a text that it puts together" if text == MADE else shown(text)
                    rule = f"looks for {what} in what is said: whoever says it gets another prompt"
                    self.find(node, "content:computed" if text == MADE else f"content:{text}", rule)
            elif asked.word:
                for text in strange_texts(by, words.ROLES | known | ({MADE} if by.word else frozenset())):
                    self.find(node, f"word:{text}", f"compares a role or type with {shown(text)}, which is none known")
            for number in strange_numbers(join((one, other))) if asked.said else ():
                self.find(node, f"number:{number}", f"compares what is said, or how much of it, with {number}")

    def asked(self, node: nodes.Node, value: Value) -> Value:
        """A condition hangs on the value."""
        if value.date:
            self.find(node, "date", "asks what day it is: it would do something else from a day on")
        if value.said:
            for number in strange_numbers(value):
                self.find(node, f"number:{number}", f"asks what is said, or how much of it, about {number}")
        return Value(said=value.said)

    def key_asked(self, node: nodes.Node, whole: Value, key: Value) -> None:
        """A part is taken by a key that is computed, or said."""
        if key.texts or key.date:
            self.find(node, "key:computed", "takes a part by a name that it puts together")
        elif whole.texts and key.said and (whole.lookup or not whole.said):
            self.find(node, "lookup", "looks up what is said among its own texts")
        for number in strange_numbers(key) if whole.said else ():
            self.find(node, f"number:{number}", f"takes the part number {number} of what is said")

    def searched(self, node: nodes.Node, name: str, whole: Value, given: list[Value]) -> Value:
        """A method of `whole`, with the values that it is given."""
        if name in words.SEARCHING and given:
            self.compared(node, whole, given[0])
        if name in words.COMPARING and whole.said and (whole.lookup or name != "dictsort"):
            self.compared(node, whole, whole)
        if name in ("length", "count") and isinstance(node, nodes.Filter):
            known = whole.said or whole.word
            return replace(whole.plain(), texts=frozenset() if known else frozenset((MADE,)), held=False)
        found = join((whole, *given)).plain()
        found = replace(found, cut=whole.cut or name in words.CUTTING, held=found.held or name == "values")
        if self._changes(node, name, whole) or (name in words.CHANGING and whole.said):
            return made(found)
        return found

    @staticmethod
    def _changes(node: nodes.Node, name: str, whole: Value) -> bool:
        """Whether a filter or a method makes another text of constants."""
        if isinstance(node, nodes.Filter) and name in words.WHOLE:
            return name == "tojson" or (name == "string" and not (whole.said or whole.word or whole.texts))
        picks = words.PICKING if isinstance(node, nodes.Filter) else words.PICKING_METHODS
        if name in picks and whole.lookup:
            return False
        return bool(whole.texts) or whole.word or (bool(whole.numbers) and not (whole.said or whole.date))

    def filtered(self, node: nodes.Filter, whole: Value, given: list[Value]) -> Value:
        """A filter of `whole`, with the values that it is given."""
        if node.name == "attr":
            self.find(node, "filter:attr", "takes attributes of Python's own by name", refused=True)
        elif node.name not in words.FILTERS:
            self.find(node, f"filter:{node.name}", f"has the filter {shown(node.name)}, which is not known here")
        for attribute in attributes_of(node):
            self.refuse_hidden(node, attribute)
        if node.name in ("int", "float") and (whole.said or whole.date):
            self.find(node, f"filter:{node.name}", "makes a number of what is said, or of the date")
        if node.name in ("default", "d") and len(given) > 1:
            self.asked(node, whole)
        if node.name in _NAMED:
            return self._named(node, whole, given)
        return self.searched(node, node.name, whole, given)

    def _named(self, node: nodes.Filter, whole: Value, given: list[Value]) -> Value:
        """map, select and their like: the first argument names what is done, or an attribute."""
        by = {str(keyword.key): keyword.value for keyword in node.kwargs}
        first = by["attribute"] if "attribute" in by else next(iter(node.args), None)
        if first is not None and not (isinstance(first, nodes.Const) and isinstance(first.value, str | int)):
            self.find(node, f"filter:{node.name}", f"has the filter {node.name} with a name that it puts together")
            return join((whole, *given))
        name = "" if first is None else str(getattr(first, "value", ""))
        self.refuse_hidden(node, name)
        if whole.said and (node.name.endswith("attr") or "attribute" in by):
            for part in sorted(set(name.split(".")) - words.KEYS):
                rule = f"reads {shown(part)} of what is said, a name that messages do not have"
                self.find(node, f"key:{part}", rule)
        test = name
        if node.name in ("selectattr", "rejectattr"):
            test = str(getattr(node.args[1], "value", "?")) if len(node.args) > 1 else "true"
        if node.name == "map" and "attribute" not in by and name not in words.FILTERS:
            self.find(node, f"filter:{name}", f"has the filter {shown(name)}, which is not known here")
        if node.name != "map" and name and test not in words.TESTS | words.COMPARISONS:
            self.find(node, f"test:{test}", f"asks 'is {shown(test)[1:-1]}'")
        attributes = node.name.endswith("attr")
        only_words = attributes and name in words.STRUCTURE
        looked = replace(whole, said=whole.said and not only_words, word=only_words, item=False)
        for value in given[2 if attributes else 1 :]:
            self.compared(node, looked, value)
        if node.name != "map":
            return whole.plain()
        found = replace(whole.plain(), held=True)
        return join((found, *given)) if "attribute" in by else self.searched(node, name, found, given[1:])
