"""How a report is written: as Markdown for a page that others see, or plain for a terminal."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from infra.faults import printable

_MARKUP = re.compile(r"([\\`*<>\[\]|&])")
_BEGINS = (
    (re.compile(r"\$"), r"\\$"),  # two of them are a formula, which may have any look
    (re.compile(r"~"), r"\\~"),  # three of them begin a block of code
    (re.compile(r"(?<![A-Za-z0-9])_+|_+(?![A-Za-z0-9])"), lambda found: "\\_" * len(found[0])),
    (re.compile(r"^( *)(?=[#+=/-])"), r"\1\\"),
    (re.compile(r"^( *[0-9]+)(?=[.)])"), r"\1\\"),
)
"""What would begin a heading, a list, a block or a command of GitLab; and what is written instead."""

_CALLS = re.compile(r"@(?=\S)|#(?=[0-9])|[!%&$~^](?=[\w\"'])|:(?=//)|\b(?i:www)(?=\.)|\b(?i:GH)(?=-[0-9])")
_APART = "<!-- -->"
"""What would call a person or link to somewhere is taken apart by a comment, which nobody sees."""

_MARK = "\0"
"""Stands for _APART while a text is written: `printable` has left none."""

_LONGEST, _LONG = 300, 600


def _parts(text: str) -> Iterator[str]:
    """A text in pieces, each of which calls nobody."""
    end = 0
    for found in _CALLS.finditer(text):
        yield text[end : found.end()]
        end = found.end()
    yield text[end:]


def in_markdown(text: str) -> str:
    """A text of others as a page shows it: no markup, no link, no HTML, and nothing that cannot be seen."""
    return _MARKUP.sub(r"\\\1", printable(text))


def shortened(text: str, most: int = _LONGEST) -> str:
    """A text of at most so many characters; what is cut is marked."""
    return text if len(text) <= most else f"{text[: most - 4]} ..."


class Style(Protocol):
    """Writes the few forms that a report has."""

    def text(self, text: str) -> str:
        """A text of others."""

    def strong(self, text: str) -> str:
        """Words of ours that are not to be overlooked."""

    def code(self, text: str) -> str:
        """A command."""

    def title(self, text: str) -> str:
        """The title of an environment, written already."""

    def folded(self, title: str, lines: Sequence[str]) -> list[str]:
        """Lines that are seen when somebody asks for them; the title is not yet written."""


class Markdown:
    """For a comment or a page: nobody is called by it, nothing in it becomes a link, and no line of it is a command."""

    def text(self, text: str) -> str:
        """Without markup; nobody is called and nothing is linked."""
        text = _MARK.join(_parts(printable(text)))
        text = _MARKUP.sub(r"\\\1", text)
        for pattern, instead in _BEGINS:
            text = pattern.sub(instead, text)
        return text.replace(_MARK, _APART)

    def strong(self, text: str) -> str:
        """Bold."""
        return f"**{text}**"

    def code(self, text: str) -> str:
        """As code; a backtick in it would end it."""
        return f"`{printable(text).replace('`', '')}`"

    def title(self, text: str) -> str:
        """A heading."""
        return f"### {text}"

    def folded(self, title: str, lines: Sequence[str]) -> list[str]:
        """A `<details>` block."""
        shown = html.escape(_MARK.join(_parts(printable(title)))).replace(_MARK, _APART)
        return ["<details>", f"<summary>{shown}</summary>", "", *lines, "", "</details>", ""]


class Short:
    """Another style, in which no text of others is long."""

    def __init__(self, style: Style) -> None:
        """Everything is written as `style` does."""
        self._style = style

    def text(self, text: str) -> str:
        """Cut where it is long."""
        return self._style.text(shortened(text, _LONG))

    def strong(self, text: str) -> str:
        """As it is: texts of others in it are written already."""
        return self._style.strong(text)

    def code(self, text: str) -> str:
        """Cut where it is long."""
        return self._style.code(shortened(text, _LONG))

    def title(self, text: str) -> str:
        """As it is."""
        return self._style.title(text)

    def folded(self, title: str, lines: Sequence[str]) -> list[str]:
        """As it is."""
        return self._style.folded(title, lines)


class Plain:
    """For a terminal: everything is there, and nothing is marked."""

    def text(self, text: str) -> str:
        """As it is, with what cannot be seen escaped."""
        return printable(text)

    def strong(self, text: str) -> str:
        """As it is."""
        return text

    def code(self, text: str) -> str:
        """As it is."""
        return printable(text)

    def title(self, text: str) -> str:
        """A line."""
        return text

    def folded(self, title: str, lines: Sequence[str]) -> list[str]:
        """The title and the lines below it."""
        return [f"{printable(title)}:", *(f"  {line}" for line in lines), ""]
