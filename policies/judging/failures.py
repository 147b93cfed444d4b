"""A rule that fails on an object, which is a mistake in the pack: it is told, and takes nothing else with it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from policies.judging.pace import fail

_ROOT = Path(__file__).resolve().parents[2]
_Found = TypeVar("_Found")
_Case = TypeVar("_Case")
_Read = TypeVar("_Read")


class RuleFailedError(Exception):
    """The rule has not come to its end: what it has not looked at is not judged, so it does not pass.

    The text is one line with object, rule and place in the pack, and without the exception's words, which may hold
    values.
    """

    def __init__(self, rule: str, title: str, error: BaseException) -> None:
        """Keep the line."""
        what = f"{type(error).__name__} at {_place(error)}, a mistake in the pack"
        super().__init__(
            f"{title}: the rule {rule} cannot judge it: {what}; "
            "rule: what cannot be judged does not pass; example: report it, and exempt the object from this rule"
        )


def gathered(judge: Callable[[_Case], Iterator[_Found]], case: _Case) -> tuple[list[_Found], Exception | None]:
    """All that a judge yields, and the exception that it ends in, if it does."""
    so_far: list[_Found] = []
    try:
        so_far.extend(judge(case))
    except Exception as error:  # noqa: BLE001 - whatever a rule raises
        return so_far, error
    return so_far, None


def failed(rule: str, title: str, error: Exception) -> str:
    """Note that a rule has not judged, and return what is told of it."""
    fail(rule)
    return str(error if isinstance(error, RuleFailedError) else RuleFailedError(rule, title, error))


def case_or_error(read: Callable[[_Read], _Case], argument: _Read) -> _Case | Exception:
    """What a rule judges, or what kept it from being read."""
    try:
        return read(argument)
    except Exception as error:  # noqa: BLE001 - whatever the engine sends
        return error


def _place(error: BaseException) -> str:
    """File and line in the pack where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(_ROOT / "policies")]
    if not frames:
        return "an unknown place"
    last = (own or frames)[-1]
    path = Path(last.filename)
    return f"{path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path.name}:{last.lineno}"
