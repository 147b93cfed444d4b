"""A shell's script as the simple commands that it runs, as far as they can be read without running it.

What a command's word would only be when it runs is UNKNOWN. What is no simple command, or changes what later ones
read, is told in `unread`: it is never passed over.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from policies.judging.values import UNKNOWN, JsonValue

_BREAKS = frozenset(";&|()\n")
_PUNCTUATION = ";&|()<>\n"
_HIDDEN = "\ufffc"
"""Stands in a word for what a substitution would put there."""

_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)|`([^`]*)`")
_ARITHMETIC = re.compile(r"\$\(\([^()]*\)\)")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*)|([@*0-9#?$!-])|\{[^}]*\})")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_KEYWORDS = frozenset(
    {"if", "then", "else", "elif", "fi", "while", "until", "do", "done", "esac", "{", "}", "!", "time", "in"}
)
_HARMLESS = frozenset(
    {
        *("set", "cd", "echo", "printf", "sleep", "exit", "true", "false", ":", "test", "[", "[[", "umask", "ulimit"),
        *(
            "trap",
            "wait",
            "date",
            "hostname",
            "nvidia-smi",
            "ls",
            "cat",
            "mkdir",
            "for",
            "nproc",
            "id",
            "whoami",
            "pwd",
        ),
        *("return", "shift", "kill", "env", "printenv", "tail", "basename", "dirname", "seq", "awk", "grep", "tr"),
    }
)
"""Commands that start no server and change nothing that one reads, unless they write a file."""

_NOWHERE = ("/dev/null", "/dev/stdout", "/dev/stderr", "1", "2", "-")
_NAME = re.compile(r"[\w./+-]{1,60}")
_DEEPEST = 4


@dataclass
class Script:
    """Simple commands, each a list of words, and what cannot be read, each said without the words of the script."""

    commands: list[list[JsonValue]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def read(script: str, variables: Mapping[str, JsonValue], arguments: Sequence[JsonValue], depth: int = 0) -> Script:
    """Read a script; `variables` are those of the container, `arguments` what the shell is given behind the script."""
    found = Script()
    if depth > _DEEPEST:
        found.unread.append("a script within a script, too deep to be read")
        return found
    inner, text = _without_substitutions(script.replace("\\\n", " "))
    for part in inner:
        # What a substitution runs is run as well.
        within = read(part, variables, (), depth + 1)
        found.commands += within.commands
        found.unread += within.unread
    try:
        tokens = _tokens(text)
    except ValueError:
        found.unread.append("a script that cannot be read")
        return found
    known = dict(variables)
    for command in _commands(tokens, found):
        _take(command, known, arguments, found)
    return found


def name_of(word: JsonValue) -> str:
    """A program's name as messages show it: nothing that could be a secret."""
    return repr(word) if isinstance(word, str) and _NAME.fullmatch(word) else "a command"


def is_harmless(program: str) -> bool:
    """Whether a program starts no server and changes nothing that one reads."""
    return program.rpartition("/")[2] in _HARMLESS


def _without_substitutions(text: str) -> tuple[list[str], str]:
    inner: list[str] = []
    text = _ARITHMETIC.sub(_HIDDEN, text)
    for _ in range(_DEEPEST):
        found = _SUBSTITUTION.findall(text)
        if not found:
            break
        inner += [first or second for first, second in found]
        text = _SUBSTITUTION.sub(_HIDDEN, text)
    return inner, text


def _tokens(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=_PUNCTUATION)
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)


def _commands(tokens: list[str], found: Script) -> list[list[str]]:
    commands: list[list[str]] = [[]]
    index, remark = 0, False
    while index < len(tokens):
        token = tokens[index]
        index += 1
        if "\n" in token and set(token) <= _BREAKS:
            remark = False
        if remark:
            continue
        if token and set(token) <= _BREAKS:
            commands.append([])
        elif token.startswith("#"):
            remark = True
        elif set(token) <= frozenset(_PUNCTUATION) and token:
            if commands[-1][-1:] and commands[-1][-1].isdecimal():
                commands[-1].pop()
            target = tokens[index] if index < len(tokens) else ""
            index += 1
            if "<<" in token or (">" in token and target not in _NOWHERE):
                found.unread.append(
                    "a text that the script writes" if "<<" in token else "a file that the script writes"
                )
        else:
            commands[-1].append(token)
    return [command for command in commands if command]


def _take(words: list[str], known: dict[str, JsonValue], arguments: Sequence[JsonValue], found: Script) -> None:
    while words and words[0] in _KEYWORDS:
        words = words[1:]
    if words[:1] in (["export"], ["readonly"], ["declare"], ["local"]):
        words = [word for word in words[1:] if _ASSIGNMENT.fullmatch(word)]
    count = next((index for index, word in enumerate(words) if not _ASSIGNMENT.fullmatch(word)), len(words))
    for word in words[:count]:
        name, _, value = word.partition("=")
        (known[name],) = _expanded(value, known, ())
    command = [entry for word in words[count:] for entry in _expanded(word, known, arguments)]
    if command:
        found.commands.append(command)


def _expanded(word: str, known: Mapping[str, JsonValue], arguments: Sequence[JsonValue]) -> list[JsonValue]:
    """A word with its variables; `"$@"` are the shell's arguments, one word each."""
    if word in ("$@", "$*", "${@}", "${*}"):
        return list(arguments[1:])
    unknown = _HIDDEN in word

    def put(match: re.Match[str]) -> str:
        nonlocal unknown
        name, number = match[1] or match[2], match[3]
        value: JsonValue = known.get(name, UNKNOWN) if name else UNKNOWN
        if number and number.isdecimal() and int(number) < len(arguments):
            value = arguments[int(number)]
        if not isinstance(value, str):
            unknown = True
            return ""
        return value

    text = _VARIABLE.sub(put, word)
    return [UNKNOWN if unknown or "$" in text else text]
