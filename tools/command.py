"""How a command line ends: one message, an exit status, never a traceback."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable

from tools.damaged_error import DamagedError


def exit_status(run: Callable[[], int], *, prefix: str, errors: tuple[type[Exception], ...], interrupted: str) -> int:
    """Run a command; 1 with one line on stderr for an expected error or one of the system, 130 for an interruption."""
    expected: tuple[type[Exception], ...] = (*errors, DamagedError)
    try:
        return run()
    except expected as error:
        print(f"{prefix}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{prefix}: {error.filename or 'this machine'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(interrupted, file=sys.stderr)
        return 130


def seconds(text: str) -> float:
    """A time to wait, as an argument: 0 or more; raises ArgumentTypeError with the rule and a right example."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r}: must be a number of seconds, 0 or more; example: 600")
    return value
