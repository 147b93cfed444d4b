"""Runs the rules over documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_policy import EnforcementLevel

from policies.check.documents import Document
from policies.rule import Case, Rule
from policies.world import World


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One violation at a place of a file; `level` is `mandatory` or `advisory`."""

    rule: Rule
    level: str
    message: str
    title: str
    file: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Configured:
    """A rule with the level and the properties that it runs with."""

    rule: Rule
    level: EnforcementLevel
    properties: Mapping[str, Any]


def findings(rules: Iterable[Configured], document: Document, world: World) -> Iterator[Finding]:
    """Yield every violation of a document, rule by rule."""
    for configured in rules:
        if configured.level is EnforcementLevel.DISABLED:
            continue
        advisory = configured.level is EnforcementLevel.ADVISORY
        case = Case(subject=document.subject, world=world, config=configured.properties)
        for message in configured.rule.messages(case):
            yield Finding(
                rule=configured.rule,
                level="advisory" if advisory else "mandatory",
                message=message,
                title=document.subject.title,
                file=document.file,
                line=document.line,
            )
