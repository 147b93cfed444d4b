"""The chat templates of a base model against the rules, what a person has accepted, and the version before.

What is found in a template and not accepted is a fault. Accepted is what the catalog's entry has for exactly this text,
what the entry of the version before has for it, and what is accepted now; other text is accepted anew.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Collection, Iterator
from pathlib import Path

from infra.catalog import BaseModel, Catalog, ChatTemplate
from infra.faults import Fault
from ops.checks.chat_templates.finding import Finding
from ops.checks.chat_templates.found import Template, templates_of
from ops.checks.chat_templates.judge import judge, sentences
from ops.checks.files import Content

OPTION = "--accept-template"
_PLACE = re.compile(r"[A-Za-z0-9_.:\[\] -]{1,200}")
_TOLD = 20
_DIFF_LINES = 40


def template_faults(
    folder: Path, content: Content, ref: str, catalog: Catalog, accepted: Collection[str]
) -> Iterator[Fault]:
    """Judge every template; `content` gets them with what is accepted of each, and notes on what they are.

    `ref` is the model's name and version, empty where it has none yet; `accepted` are names of findings.
    """
    before = version_before(ref, catalog)
    entry = catalog.base_models.get(ref)
    found = templates_of(folder, content.sizes, content.parsed)
    if found and entry is not None and entry.templates is None:
        content.notes.append(
            f"the catalog entry of {ref} has no `templates`: what is accepted of its chat templates is not known "
            "until kitchen model publish of these files has added them"
        )
    for template in found:
        if wrong := _unreadable(template):
            yield wrong
            continue
        assert template.text is not None  # noqa: S101 (for the type checker: such a template is a fault)
        known = [*_known(entry, template.text), *_known(before, template.text)]
        findings = judge(template.text)
        taken = {finding.name for finding in findings if not finding.refused and finding.name in {*accepted, *known}}
        content.templates.append(ChatTemplate(place=template.place, text=template.text, accepted=tuple(sorted(taken))))
        yield from _faults(template, [finding for finding in findings if finding.name not in taken or finding.refused])
        content.notes.extend(_notes(template, taken, before))


def version_before(ref: str, catalog: Catalog) -> BaseModel | None:
    """The entry of the newest version below `ref`, None where there is none."""
    name, _, version = ref.partition("/v")
    numbers = {
        int(number): model
        for model in catalog.base_models.values()
        for number in [model.ref.partition("/v")[2]]
        if model.name == name and number.isdigit() and version.isdigit() and int(number) < int(version)
    }
    return numbers[max(numbers)] if numbers else None


def unused_faults(content: Content, accepted: Collection[str]) -> Iterator[Fault]:
    """Names that are accepted and that no template has: a word that is not meant for these files."""
    used = {name for template in content.templates for name in template.accepted}
    for name in sorted(set(accepted) - used):
        rule = "nothing of this name can be accepted in the chat templates: it is in none of them, or never accepted"
        yield Fault(path=OPTION, value=name, rule=rule, example=f"{OPTION} {shlex.quote('number:50')}")


def _known(model: BaseModel | None, text: str) -> list[str]:
    templates = (model.templates if model is not None else None) or ()
    return [name for template in templates if template.text == text for name in template.accepted]


def _unreadable(template: Template) -> Fault | None:
    if not _PLACE.fullmatch(template.place):
        rule = "the name of a chat template has letters, digits, spaces and _.-[] only, at most 200"
        return Fault(path="chat_template", value=template.place[:80], rule=rule, example="tool_use")
    if template.text is None:
        rule = "must be a text in UTF-8, a list of objects with name and template, or null"
        return Fault(path=template.place, value="another value", rule=rule, example="null")
    return None


def _faults(template: Template, findings: list[Finding]) -> Iterator[Fault]:
    """One fault for each name, at the first line that has it."""
    lines = (template.text or "").split("\n")
    names = list(dict.fromkeys(finding.name for finding in findings))
    for name in names[:_TOLD]:
        places = [finding for finding in findings if finding.name == name]
        first = places[0]
        more = f" (and {len(places) - 1} more places)" if len(places) > 1 else ""
        if first.refused:
            todo, example = "no model needs that: give it another chat template", "a template without it"
        else:
            todo, example = "read it, and accept it by name if it is meant", f"{OPTION} {shlex.quote(name)}"
        value = visible(lines[min(first.line, len(lines)) - 1].strip())[:80]
        yield Fault(
            path=f"{template.place}: line {first.line}",
            value=value,
            rule=f"{first.rule}{more}; {todo}",
            example=example,
        )
    if len(names) > _TOLD:
        rule = f"has {len(names) - _TOLD} more things that are not understood: read it whole, or give it another"
        example = f"{OPTION} {shlex.quote(names[_TOLD])}"
        yield Fault(path=template.place, value=", ".join(names[_TOLD:])[:200], rule=rule, example=example)


def _notes(template: Template, accepted: Collection[str], before: BaseModel | None) -> Iterator[str]:
    """What a reader should know of a template: what it says of its own, what is accepted, and what has changed."""
    text = template.text or ""
    said = sentences(text)
    if said:
        more = f" and {len(said) - 1} more sentences of its own" if len(said) > 1 else ""
        yield f"{template.place}: a chat template that says {visible(said[0][:120])!r}{more}"
    if accepted:
        yield f"{template.place}: accepted: {', '.join(sorted(accepted))}"
    if before is None or before.templates is None:
        return
    old = next((one.text for one in before.templates if one.place == template.place), None)
    if old is None:
        yield f"{template.place}: {before.ref} has no such template"
    elif old != text:
        yield from _changed(template, old, before.ref)


def _changed(template: Template, old: str, ref: str) -> Iterator[str]:
    lines = list(difflib.unified_diff(old.splitlines(), (template.text or "").splitlines(), lineterm="", n=0))[2:]
    changed = [line for line in lines if not line.startswith("@@")]
    yield f"{template.place}: {len(changed)} lines differ from {ref}'s"
    yield from (f"{template.place}: {visible(line)[:200]}" for line in lines[:_DIFF_LINES])
    if len(lines) > _DIFF_LINES:
        yield f"{template.place}: {len(lines) - _DIFF_LINES} more lines of the difference; the entry has the whole text"


def visible(text: str) -> str:
    """A text with an escape for every character that a terminal would act on, or that no reader sees."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in text)
