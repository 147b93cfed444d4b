"""Programs that start the words behind them: their options, and what they change for the program that they start.

Options are read as each program reads its own. One that does not stand here is not understood, and then nobody knows
which of the words behind it is the program.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from policies.judging.values import UNKNOWN, JsonValue

_ASSIGNMENT = re.compile(r"[^=-][^=]*=.*", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class _Options:
    """`alone` are options without a value, `valued` those with one; `own` is how each word before the program reads."""

    alone: tuple[str, ...] = ()
    valued: tuple[str, ...] = ()
    own: str = ""


_NUMBER = r"[0-9]+(?:\.[0-9]+)?[smhd]?"
WRAPPERS: Mapping[str, _Options] = {
    "exec": _Options(),
    "command": _Options(),
    "nohup": _Options(),
    "setsid": _Options(alone=("-w", "--wait", "-f", "--fork", "-c", "--ctty")),
    "tini": _Options(alone=("-g", "-s", "-v", "-vv", "-vvv", "-w"), valued=("-p", "-e")),
    "dumb-init": _Options(alone=("-c", "--single-child", "-v", "--verbose"), valued=("-r", "--rewrite")),
    "catatonit": _Options(alone=("-g",)),
    "timeout": _Options(
        alone=("--preserve-status", "--foreground", "-v", "--verbose"),
        valued=("-k", "--kill-after", "-s", "--signal"),
        own=_NUMBER,
    ),
    "nice": _Options(alone=tuple(f"-{number}" for number in range(21)), valued=("-n", "--adjustment")),
    "ionice": _Options(alone=("-t", "--ignore"), valued=("-c", "--class", "-n", "--classdata")),
    "chrt": _Options(
        alone=("-b", "-f", "-i", "-o", "-r", "--batch", "--fifo", "--idle", "--other", "--rr"), own=r"\d+"
    ),
    "taskset": _Options(alone=("-c", "--cpu-list"), own=r"[0-9a-fA-Fx,:-]+"),
    "stdbuf": _Options(valued=("-i", "-o", "-e", "--input", "--output", "--error")),
    "numactl": _Options(
        alone=("-l", "--localalloc", "--all"),
        valued=("-N", "-m", "-C", "-i", "--cpunodebind", "--membind", "--physcpubind", "--interleave", "--preferred"),
    ),
}

_ENV = {
    **{"-i": "clear", "--ignore-environment": "clear", "-u": "unset", "--unset": "unset", "-C": "folder"},
    **{"--chdir": "folder", "-S": "split", "--split-string": "split", "-v": "", "--debug": "", "-0": "", "--null": ""},
}
"""Options of `env` of coreutils, and what each does."""

_ENV_VALUED = ("unset", "folder", "split")


@dataclass
class Changes:
    """What the words before a program change: variables (empty where one is taken away), folders to start in.

    `cleared` where all variables are taken away; `fault` says what is not understood.
    """

    variables: list[tuple[str, JsonValue]] = field(default_factory=list)
    folders: list[JsonValue] = field(default_factory=list)
    cleared: bool = False
    fault: str = ""


def without_wrapper(program: str, words: list[JsonValue], changes: Changes) -> list[JsonValue] | None:
    """The words that a wrapper starts, its own name being the first of `words`; None where it is no wrapper."""
    if program == "env":
        return _behind_env(words[1:], changes)
    options = WRAPPERS.get(program)
    if options is None or (program == "command" and words[1:2] in (["-v"], ["-V"])):
        return None
    words = words[1:]
    while words and isinstance(words[0], str) and words[0].startswith("-") and words[0] != "-":
        word = words[0]
        words = words[1:]
        if word == "--":
            break
        if word in options.valued and words:
            words = words[1:]
        elif word not in options.alone and not _has_value(word, options.valued):
            changes.fault = f"{program} with an option that is not understood"
            return []
    if options.own and words:
        if not isinstance(words[0], str) or not re.fullmatch(options.own, words[0]):
            changes.fault = f"{program} with words that are not understood"
            return []
        words = words[1:]
    return words


def _has_value(word: str, valued: tuple[str, ...]) -> bool:
    """Whether a word is an option and its value in one: `--signal=9`, `-s9`."""
    return any(
        word.startswith(f"{name}=") if name.startswith("--") else word.startswith(name) and word != name
        for name in valued
    )


def _behind_env(words: list[JsonValue], changes: Changes) -> list[JsonValue]:
    words = list(words)
    while words and isinstance(words[0], str) and words[0].startswith("-"):
        word = words.pop(0)
        if word == "--":
            break
        if word == "-":
            changes.cleared = True
            continue
        for name, value in _env_options(word):
            does = _ENV.get(name)
            if does is None or (does in _ENV_VALUED and value is None and not words):
                changes.fault = "env with an option that is not understood"
                return []
            if does in _ENV_VALUED:
                words = _do(does, words.pop(0) if value is None else value, words, changes)
            elif does == "clear":
                changes.cleared = True
        if changes.fault:
            return []
    while words and isinstance(words[0], str) and _ASSIGNMENT.fullmatch(words[0]):
        name, _, said = words.pop(0).partition("=")
        changes.variables.append((name, said))
    return words


def _env_options(word: str) -> list[tuple[str, str | None]]:
    """Options in a word: a long one, which may be shortened, or some of one letter, the last with its value."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        meant = [entry for entry in _ENV if entry.startswith("--") and entry.startswith(name)]
        whole = name if name in _ENV else meant[0] if len(meant) == 1 else ""
        return [(whole, value if equals else None)]
    found: list[tuple[str, str | None]] = []
    for index, letter in enumerate(word[1:], 2):
        name = f"-{letter}"
        if _ENV.get(name) in _ENV_VALUED:
            found.append((name, word[index:] or None))
            break
        found.append((name, None))
    return found


def _do(does: str, value: JsonValue, words: list[JsonValue], changes: Changes) -> list[JsonValue]:
    if does == "folder":
        changes.folders.append(value)
    elif does == "unset":
        changes.variables.append((value if isinstance(value, str) else "", ""))
        changes.fault = "" if isinstance(value, str) else "env that takes away a variable that is not known"
    elif not isinstance(value, str) or value is UNKNOWN or re.search(r"[\\$#]", value):
        changes.fault = "env with a text that is not understood"
    else:
        try:
            return [*shlex.split(value), *words]
        except ValueError:
            changes.fault = "env with a text that is not understood"
    return words
