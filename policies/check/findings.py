"""Runs the rules over documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_policy import EnforcementLevel

from policies.check.documents import Document
from policies.judging.failures import RuleFailedError
from policies.judging.rule import Case, Rule
from policies.judging.stack_rule import StackCase, StackRule
from policies.judging.world import World


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One violation at a place of a file; `level` is `mandatory` or `advisory`.

    `line` is that of the field that the message names, or the object's.
    """

    rule: Rule | StackRule
    level: str
    message: str
    title: str
    file: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Configured:
    """A rule with the level and the properties that it runs with."""

    rule: Rule | StackRule
    level: EnforcementLevel
    properties: Mapping[str, Any]


def findings(rules: Iterable[Configured], document: Document, world: World, failures: list[str]) -> Iterator[Finding]:
    """Yield every violation of a document, rule by rule; a rule that fails on it is a line of `failures`."""
    for configured in rules:
        if configured.level is not EnforcementLevel.DISABLED and isinstance(configured.rule, Rule):
            try:
                for message in configured.rule.messages(_case(configured, document, world)):
                    yield _finding(configured, message, document, document.subject.title)
            except RuleFailedError as failure:
                failures.append(visible(f"{document.file}:{document.line_of('')}: {failure}"))


def stack_findings(
    rules: Iterable[Configured], documents: Sequence[Document], world: World, failures: list[str]
) -> Iterator[Finding]:
    """Yield what the objects together lack; each stands at the object that it is about, else at the first one.

    A rule that fails is a line of `failures`.
    """
    if not documents:
        return
    subjects = tuple(document.subject for document in documents)
    places = {document.subject.title: document for document in reversed(documents)}
    for configured in rules:
        if configured.level is not EnforcementLevel.DISABLED and isinstance(configured.rule, StackRule):
            case = StackCase(subjects=subjects, world=world, config=configured.properties)
            try:
                for message in configured.rule.messages(case):
                    about = (title for title in places if message.startswith(f"{title}:"))
                    title = next(about, documents[0].subject.title)
                    yield _finding(configured, message, places[title], title)
            except RuleFailedError as failure:
                failures.append(visible(str(failure)))


_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Of what Python calls printable: Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties), and empty Braille."""


def visible(text: str) -> str:
    """A text in one line of characters that every report can hold: what cannot be seen is written as its number.

    The same characters as everywhere in the commands (`infra.faults.printable`, a test holds them together), written as
    JSON does.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() and not _UNSEEN.match(c) else f"\\u{ord(c):04x}" for c in text)


def _case(configured: Configured, document: Document, world: World) -> Case:
    return Case(
        subject=document.subject,
        world=world,
        config=configured.properties,
        protect=document.protect,
        secrets=document.secrets,
    )


def _finding(configured: Configured, message: str, document: Document, title: str) -> Finding:
    return Finding(
        rule=configured.rule,
        level="advisory" if configured.level is EnforcementLevel.ADVISORY else "mandatory",
        message=visible(message),
        title=visible(title),
        file=visible(document.file),
        line=document.line_of(message.removeprefix(f"{title}: ")),
    )
