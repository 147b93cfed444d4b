"""Entries of `runtime.extraArgs` as vLLM's parser reads them.

argparse takes the unique beginning of a flag's name for the flag, `--no-` before one for its contrary, and vLLM adds
that `_` is `-` in a name and that `--name.key` is a part of a JSON value (vllm/utils/argparse_utils.py).
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent / "catalog" / "server-flags.json"

_DATA: dict[str, Any] = json.loads(FILE.read_text())

VERSION: str = _DATA["version"]
"""The version of vLLM whose flags they are."""

ENTRIES: Mapping[str, Mapping[str, Any]] = _DATA["flags"]
"""What the list says of each flag, by its whole name without dashes."""

REMOVED: Mapping[str, Mapping[str, str]] = _DATA["removed"]
"""Flags of earlier versions: since when they are `gone`, what is there `instead`."""

SHORT: Mapping[str, str] = {
    **{short: name for name, entry in ENTRIES.items() for short in entry.get("short", ())},
    "-O": "optimization-level",
}
"""Flags by their short names, with the dash (`-tp`); `-O` is vLLM's own reading, a level of optimization."""

_LETTERS = "|".join(short for short in SHORT if len(short) == 2)
_NAMES = "|".join(sorted(SHORT, key=len, reverse=True))

WORD = re.compile(
    rf"(?:--[A-Za-z0-9][A-Za-z0-9_.+-]*|(?:{_NAMES})(?:\.[A-Za-z0-9_.+-]+)?)(?:=.*)?|(?:{_LETTERS})[^=].*", re.DOTALL
)
"""An entry that can be read: `--name=value`, `-tp=value`, keys of JSON (`-cc.mode=3`), letter and value (`-O3`)."""

_NEGATED = "no-"
_GIVEN = {
    **{name: (name, False) for name in ENTRIES},
    **{f"{_NEGATED}{name}": (name, True) for name, entry in ENTRIES.items() if entry.get("negated")},
}
"""Every name that the parser knows: the flag, and whether it is its contrary."""


@dataclass(frozen=True, kw_only=True)
class FlagWord:
    """One entry: `names` are the flags that it may mean, none where vLLM has no such flag.

    `written` is what stands before the value, with dashes; `short` says that it is a short name; `key` is the part of a
    JSON value that it gives, dots included.
    """

    index: int
    written: str
    names: tuple[str, ...]
    whole: bool
    short: bool
    negated: bool
    key: str
    value: str | None

    @property
    def name(self) -> str:
        """The flag that is meant; where that is not clear, what is written."""
        return self.names[0] if len(self.names) == 1 else self.bare

    @property
    def bare(self) -> str:
        """The name as it is written, without dashes before it and without the key."""
        return _bare(self.written)

    @property
    def shown(self) -> str:
        """The entry without its value, which may be a secret."""
        return self.written if self.value is None else f"{self.written}=..."


def flag_word(index: int, entry: str) -> FlagWord:
    """Read one entry that has the form of WORD."""
    written, equals, value = entry.partition("=")
    if not entry.startswith("--"):
        return _short_word(index, entry)
    name = _bare(written)
    meant = [_GIVEN[name]] if name in _GIVEN else [found for given, found in _GIVEN.items() if given.startswith(name)]
    names = tuple(dict.fromkeys(flag for flag, _ in meant))
    return FlagWord(
        index=index,
        written=written,
        names=names,
        whole=name in _GIVEN,
        short=False,
        negated=len(meant) == 1 and meant[0][1],
        key=written.removeprefix("--").partition(".")[2],
        value=value if equals else None,
    )


def _short_word(index: int, entry: str) -> FlagWord:
    """A short name: whole before `=`, else one of a letter, behind which the value follows at once (`-O3`)."""
    written, equals, value = entry.partition("=")
    short, _, key = written.partition(".")
    if short not in SHORT:
        short, key, equals, value = entry[:2], "", "=", entry[2:]
        written = short
    return FlagWord(
        index=index,
        written=written,
        names=(SHORT[short],),
        whole=False,
        short=True,
        negated=False,
        key=key,
        value=value if equals else None,
    )


def nearest(name: str) -> str | None:
    """The known flag whose name is most like another one."""
    found = difflib.get_close_matches(name, _GIVEN, n=1, cutoff=0.75)
    return found[0] if found else None


def _bare(written: str) -> str:
    return written.removeprefix("--").split(".")[0].replace("_", "-")
