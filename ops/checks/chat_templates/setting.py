"""Where a template sets variables, and which names it may not set."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence

from jinja2 import nodes

from ops.checks.chat_templates import words
from ops.checks.chat_templates.asking import Asking
from ops.checks.chat_templates.tree import arguments_of, is_call, names_of
from ops.checks.chat_templates.value import NOTHING, Value, join, made


class Setting(Asking):
    """Keeps what is known of variables: a namespace's attribute as `space.attribute`, what a macro says as `name()`."""

    spaces: set[str]
    bound: set[str]

    def __init__(self) -> None:
        """Nothing is known."""
        super().__init__()
        self.known: dict[str, Value] = {}

    @abstractmethod
    def value(self, node: nodes.Node) -> Value:
        """What is known of an expression."""

    @abstractmethod
    def body(self, statements: Sequence[nodes.Node]) -> Value:
        """What statements put out."""

    def refuse_names(self, template: nodes.Template) -> None:
        """Names that stand for two things: which one is meant goes by the order of the lines."""
        for name in sorted(self.bound & (words.FUNCTIONS | {"loop"})):
            self.find(template, f"variable:{name}", f"sets {name}, which is Jinja's own")
        count = Counter(macro.name for macro in template.find_all(nodes.Macro))
        for name in sorted(name for name, times in count.items() if times > 1 or name in self.bound):
            self.find(template, f"call:{name}", f"has the macro {name} and something else of this name")

    def bind(self, name: str, value: Value) -> None:
        """A variable may be this, too; what hangs on a variable that is not known yet, the next round tells."""
        if value.later:
            return
        self.known[name] = join((self.known.get(name, NOTHING), value))

    def assigned(self, node: nodes.Assign) -> Value:
        """`{% set x = ... %}`, also of a namespace and its attributes."""
        if is_call(node.node, "namespace") and isinstance(node.target, nodes.Name):
            self._space(node.target.name, node.node)
            return NOTHING
        found = self.value(node.node)
        self._attribute(node, node.target, found)
        for name in names_of(node.target):
            self.bind(name, found if not isinstance(node.target, nodes.Tuple) else found.plain())
        return NOTHING

    def _space(self, name: str, call: nodes.Node) -> None:
        assert isinstance(call, nodes.Call)  # noqa: S101 (for the type checker: the caller has asked)
        if call.args or call.dyn_args or call.dyn_kwargs:
            self.find(call, "call:namespace", "makes a namespace of something else than names and values")
        for keyword in call.kwargs:
            self.refuse_hidden(call, keyword.key)
            self.bind(f"{name}.{keyword.key}", self.value(keyword.value))

    def assigned_block(self, node: nodes.AssignBlock) -> Value:
        """`{% set x %}...{% endset %}`."""
        found = self.text_of(node.body)
        if node.filter is not None:
            found = self.filtered(node.filter, found, [self.value(part) for part in arguments_of(node.filter)])
        for name in names_of(node.target):
            self.bind(name, found)
        self._attribute(node, node.target, found)
        return NOTHING

    def _attribute(self, node: nodes.Node, target: nodes.Node, found: Value) -> None:
        """`{% set space.attribute ... %}`."""
        if isinstance(target, nodes.NSRef):
            if target.name not in self.spaces:
                self.find(node, f"variable:{target.name}", f"writes into {target.name}, which is no namespace")
            self.refuse_hidden(node, target.attr)
            self.bind(f"{target.name}.{target.attr}", found)

    def text_of(self, body: Sequence[nodes.Node]) -> Value:
        """What statements put out, as one text: a constant of the template only where it is all of it."""
        found = self.body(body)
        nodes_ = [node for part in body for node in getattr(part, "nodes", (part,))]
        alone = len(nodes_) == 1 and isinstance(nodes_[0], nodes.TemplateData | nodes.Const)
        return found if alone or not nodes_ else made(found)
