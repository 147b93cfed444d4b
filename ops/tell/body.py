"""A text as a forge takes it: with the mark by which it is found again, and no longer than it may be."""

from __future__ import annotations

import re

_DETAILS = re.compile(r"<details>.*?</details>\n?", re.DOTALL)
_SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL)
_FENCE = re.compile(r"^(`{3,}|~{3,})", re.MULTILINE)
_COMMAND = re.compile(r"(^|[\r\n])([ \t]*(?:(?:[-*+>]|[0-9]+[.)])[ \t]+|>)*)(?=/)")
"""Where a line of GitLab's begins that it would do as a command (`/merge`), after marks of lists and quotes too."""
_ROOM = 200
"""Characters that are left for what is said of a cut."""


def marked(mark: str, text: str, longest: int, whole: str) -> str:
    """`text` below its mark, in at most `longest` characters; `whole` says where all of it is.

    Details are left out from the last to the first; what is still too long ends at a line. No line of it is a command
    of a forge, whoever has written it.
    """
    head = f"<!-- {mark} -->\n"
    text = _COMMAND.sub(r"\1\2\\", text.removeprefix(head))
    room = longest - length(head)
    cut = 0
    while length(text) > room and (found := list(_DETAILS.finditer(text))):
        last = found[-1]
        text = text[: last.start()] + text[last.end() :]
        cut += 1
        if length(text) + _ROOM <= room or len(found) == 1:
            break
    if cut and length(text) + _ROOM <= room:
        return f"{head}{text.rstrip()}\n\n{_left_out(cut, whole)}\n"
    if length(text) <= room:
        return head + text
    return f"{head}{_shortened(text, room - _ROOM)}\n\n(cut here: {whole})\n"


def length(text: str) -> int:
    """Characters as forges count them: one beyond the basic plane is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _left_out(count: int, whole: str) -> str:
    return f"({count} {'part is' if count == 1 else 'parts are'} left out here: {whole})"


def _shortened(text: str, room: int) -> str:
    """Whole lines of the beginning; what they have opened is closed."""
    kept: list[str] = []
    for line in text.splitlines():
        room -= length(line) + 1
        if room < 0:
            break
        kept.append(line)
    short = "\n".join(kept).rstrip()
    fences = _FENCE.findall(short)
    if len(fences) % 2:
        short += f"\n{fences[-1]}"
    return short + "\n</details>" * max(0, short.count("<details>") - short.count("</details>"))
