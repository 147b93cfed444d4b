"""Programs that start nothing, write nothing that a server reads and call nobody: by name and by their words.

The list is closed: a program that does not stand here is one that nobody has looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from policies.judging.values import UNKNOWN, JsonValue

Words = Sequence[JsonValue]

_PLAIN = frozenset(
    {
        *("echo", "printf", "sleep", "exit", "true", "false", ":", "umask", "ulimit", "return", "break"),
        *("continue", "date", "hostname", "uname", "arch", "nproc", "lscpu", "id", "whoami", "pwd", "ls", "cat"),
        *("head", "tail", "wc", "cut", "tr", "grep", "seq", "basename", "dirname", "readlink", "realpath", "stat"),
        *("mkdir", "df", "free", "ps", "pgrep", "kill", "printenv", "which", "type", "sync"),
    }
)
"""With whatever words: they run no other program and write to no file of which the words say the name."""

_HERE = r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]+)?(?:/[\w./?=&-]*)?"
_FIGURE = r"[0-9]+(?:\.[0-9]+)?"
_HERE_ALONE = re.compile(_HERE)
_SMI = re.compile(r"-L|-q|-x|-i|[0-9,]+|-d|[A-Z_,]+|--query-[\w-]+=[\w.,]+|--format=[\w,]+|--list-gpus|topo|-m")
_DIAL = re.compile(r"-(?:addr|service|connect-timeout|rpc-timeout)=[\w.:\[\]-]*|-tls|-tls-no-verify")
_CURL_FLAG = re.compile(r"-[fsSkLIgv]+|--fail|--silent|--show-error|--insecure|--head|--max-time=[0-9.]+")
_WGET_FLAG = re.compile(
    r"-q|--quiet|--spider|-O-|-qO-|--no-verbose|-nv|--no-check-certificate|-O/dev/null|-qO/dev/null"
)
_VALUES = {
    **dict.fromkeys(("-m", "--max-time", "--connect-timeout", "-T", "--timeout", "-t", "--tries", "--retry"), _FIGURE),
    **dict.fromkeys(("-o", "--output", "-O", "--output-document"), r"/dev/null|-"),
    **dict.fromkeys(("-w", "--write-out"), r"[\w%{} \\]*"),
}


def _test(words: Words) -> bool:
    """Whether a condition only compares: some of bash's read their words as sums, and sums can run commands."""
    return all(isinstance(word, str) and not re.search(r"[$`]|\w\[", word) and word != "-v" for word in words)


def _condition(words: Words) -> bool:
    """`[` compares texts and whole numbers; a word that is not known is only a text to it."""
    return all(word is UNKNOWN or _test([word]) for word in words)


def _wait(words: Words) -> bool:
    """Whether processes are waited for; behind -p stands a variable, whose brackets bash would evaluate."""
    return all(word is UNKNOWN or (isinstance(word, str) and re.fullmatch(r"-[nf]|%?\d+", word)) for word in words)


def _called(words: Words, flags: re.Pattern[str]) -> bool:
    """Whether addresses are asked for of this very pod, with options that send and write nothing."""
    index = 0
    while index < len(words):
        word = words[index]
        following = words[index + 1] if index + 1 < len(words) else None
        if not isinstance(word, str):
            return False
        if word in _VALUES and isinstance(following, str) and re.fullmatch(_VALUES[word], following):
            index += 2
        elif flags.fullmatch(word) or _HERE_ALONE.fullmatch(word):
            index += 1
        else:
            return False
    return True


def _all(pattern: re.Pattern[str]) -> Callable[[Words], bool]:
    return lambda words: all(isinstance(word, str) and pattern.fullmatch(word) is not None for word in words)


_WITH_WORDS: Mapping[str, Callable[[Words], bool]] = {
    "test": _condition,
    "[": _condition,
    "[[": _test,
    # A virtual environment of the image sets PATH to its own folder.
    **dict.fromkeys((".", "source"), _all(re.compile(r"/(?:opt|usr|app|workspace)/(?:[\w-]+/)*bin/activate"))),
    "wait": _wait,
    "nvidia-smi": _all(_SMI),
    "grpc_health_probe": _all(_DIAL),
    "curl": lambda words: _called(words, _CURL_FLAG),
    "wget": lambda words: _called(words, _WGET_FLAG),
    "nc": _all(re.compile(r"-z|-v|-w|(?:-w)?[0-9]+|-zv|localhost|127\.0\.0\.1")),
}
"""With words that are understood."""


def is_harmless(program: str, words: Words) -> bool:
    """Whether a program of the image, by its name alone, does nothing to a server with the words behind it."""
    if program == "printf" and (not words or not isinstance(words[0], str) or words[0].startswith("-")):
        # bash puts the text of `printf -v` into a variable.
        return False
    judge = _WITH_WORDS.get(program)
    return judge(words) if judge else program in _PLAIN
