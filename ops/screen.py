"""The door through which text leaves the commands: standard output and standard error of `kitchen`.

Licences, origins, names of files, answers of servers and words of other programs come from strangers. Whoever puts such
a text into a line makes it one line (`infra.faults.printable`); and whatever is written here has no character that
could move a cursor, turn the direction of reading or be unseen, so that a forgotten place shows it escaped too.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from infra.faults import FaultsError


ALL = "--all"
_KEPT = ("\n", "\t")


class Screen(io.TextIOBase):
    """A stream that escapes what a terminal would obey; everything else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream` from now on."""
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text; line breaks and tabs stay."""
        self._stream.write(shown(text))
        return len(text)

    def writable(self) -> bool:
        """As files answer that are written."""
        return True

    def flush(self) -> None:
        """Pass on what is waiting."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether a person may look at it."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The descriptor below it."""
        return self._stream.fileno()

    @property
    def encoding(self) -> Any:  # type: ignore[override]  # it may be None, as that of the stream
        """That of the stream."""
        return self._stream.encoding


def shown(text: str) -> str:
    """A text of several lines with everything escaped that is no visible character, line break or tab."""
    for kept in _KEPT:
        if kept in text:
            return kept.join(map(shown, text.split(kept)))
    if text.isascii() and text.isprintable():
        return text
    from infra.faults import printable  # noqa: PLC0415 - help does without

    return printable(text)


@contextmanager
def screened() -> Iterator[None]:
    """Everything that is printed goes through the door; a sign that a terminal cannot show is no reason to stop."""
    before = sys.stdout, sys.stderr
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = Screen(sys.stdout), Screen(sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def option_for_all(parser: argparse.ArgumentParser) -> None:
    """Add `--all` to a command and each of its actions; `--all-faults` where `--all` says something else already."""
    from infra.faults import MOST_FAULTS  # noqa: PLC0415 - as above

    actions = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for action in actions:
        for below in dict.fromkeys(action.choices.values()):
            option_for_all(below)
    if not actions:
        name = f"{ALL}-faults" if ALL in parser._option_string_actions else ALL
        text = f"show every fault, not the first {MOST_FAULTS} alone"
        parser.add_argument(name, action="store_true", dest="all_faults", help=text)


def told_to(options: argparse.Namespace, error: FaultsError) -> str:
    """The message of faults as it was asked for: the first of them and how many more there are, or all."""
    from infra.faults import MOST_FAULTS, told  # noqa: PLC0415 - as above

    every = bool(getattr(options, "all_faults", False))
    return told(error, None if every else MOST_FAULTS, f"{ALL}-faults" if hasattr(options, "all") else ALL)


def nowhere() -> None:
    """What is buffered has no reader any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
