"""The report for people: its head says in a few lines what matters, and folded details say the rest."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from ops.plan import details, heads
from ops.plan.report import NO_CHANGES, Report
from ops.plan.style import Markdown, Plain, Short, Style

MOST = 60_000
"""Characters that a comment may have: GitHub takes 65,536."""

_CUT = "cut here: all of it is in report.json"


def head(report: Report, style: Style | None = None) -> str:
    """The lines that a person reads in 20 seconds: verdicts, what matters of each environment, the next step."""
    kind = Short(style or Markdown())
    blocks = ["\n".join(heads.environment(one, kind)) for one in report.environments]
    return "\n\n".join([_first(report, kind), *blocks]) + "\n"


def markdown(report: Report) -> str:
    """The whole report in less than MOST characters: head first, details folded and cut last."""
    return _whole(report, Markdown(), MOST)


def plain(report: Report, most: int = 1_000_000) -> str:
    """The same report for a terminal."""
    return _whole(report, Plain(), most)


def _first(report: Report, style: Style) -> str:
    each = "; ".join(f"{style.text(one.name)}: {one.verdict}" for one in report.environments)
    return style.title(f"Plan: {report.verdict}") if len(report.environments) == 1 else style.title(f"Plan: {each}")


def _whole(report: Report, style: Style, most: int) -> str:
    begin = _begun(head(report, style), most // 2)
    left = most - len(begin) - 200
    lines = [begin]
    several = len(report.environments) > 1
    for environment in report.environments:
        for title, told in details.sections(environment, style):
            if environment.verdict == NO_CHANGES and (title != "drift" or environment.drift is None):
                continue
            where = f"{environment.name}: {title}" if several else title
            kept = _fitting(told, left - len(where) - 80, style)
            if not kept:
                return "\n".join([*lines, _CUT]) + "\n"
            block = style.folded(f"{where} ({len(told)})", kept)
            lines += block
            left -= sum(len(line) + 1 for line in block)
    return "\n".join(lines).rstrip() + "\n"


def _begun(text: str, room: int) -> str:
    """A head, or of a longer one the first lines; the first of all has every verdict."""
    if len(text) <= room:
        return text
    kept = itertools.takewhile(lambda line: line[0] <= room, _ends(text.splitlines()))
    return "\n".join([*(line for _, line in kept), f"- {_CUT}"]) + "\n"


def _ends(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    ends = itertools.accumulate(len(line) + 1 for line in lines)
    return zip(ends, lines, strict=True)


def _fitting(lines: Sequence[str], room: int, style: Style) -> list[str]:
    """The lines that there is room for; of more than that the first ones, and how many are cut."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        room -= len(line) + 4
        if room < 120:
            return [*kept, f"- {len(lines) - number} more; {_CUT}"] if kept else []
        kept.append(line)
    return kept
