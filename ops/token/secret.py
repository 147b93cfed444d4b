"""A client's secret: out of a file, standard input or a prompt, and never out of an argument."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from infra.faults import HIDDEN, MISSING, Fault, FaultsError

STDIN = "-"
EXAMPLE = "--secret-file /run/secrets/kitchen-client"
_MOST = 4096


def secret(file: str | None) -> str:
    """The secret in `file`, `-` being standard input, or what a person types; raise FaultsError."""
    text = _typed() if file is None else _read(file)
    text = text.removesuffix("\n").removesuffix("\r")
    if not text or len(text) > _MOST or not (text.isascii() and text.isprintable()):
        rule = f"must be one line of 1 to {_MOST} plain characters"
        raise _fault("the client's secret", HIDDEN, rule)
    return text


def _read(file: str) -> str:
    try:
        if file == STDIN:
            return sys.stdin.read(_MOST + 3)
        with Path(file).open(encoding="utf-8", newline="") as opened:
            return opened.read(_MOST + 3)
    except (OSError, UnicodeDecodeError):
        # What stands there may be the secret itself.
        rule = "must be a readable text file, or - for standard input; not the secret itself"
        raise _fault("--secret-file", HIDDEN, rule) from None


def _typed() -> str:
    if not sys.stdin.isatty():
        raise _fault("--secret-file", MISSING, "nobody can be asked for the secret here: name a file, or -")
    try:
        return getpass.getpass("the client's secret: ")
    except EOFError:
        raise _fault("the client's secret", MISSING, "must be typed, or stand in a file") from None


def _fault(path: str, value: object, rule: str) -> FaultsError:
    return FaultsError("token", [Fault(path=path, value=value, rule=rule, example=EXAMPLE)])
