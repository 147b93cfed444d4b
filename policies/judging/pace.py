"""Keeps the pack fast: what rules compute is kept while one request is answered, in the thread that answers it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class _Request(threading.local):
    """What this thread has computed for the request that it answers; None between requests.

    The arguments are kept with the results, so that their identities stay their own.
    """

    results: dict[tuple[object, ...], tuple[object, Any]] | None = None
    notes: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


_REQUEST = _Request()


def once(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, computed once a request for the very same first argument; its results are shared, so left alone."""

    def remembering(argument: Any, *rest: object) -> Any:
        results = _REQUEST.results
        if results is None:
            return function(argument, *rest)
        key = (function, id(argument), *rest)
        if key not in results:
            results[key] = (argument, function(argument, *rest))
        return results[key][1]

    return remembering


@contextmanager
def one_request() -> Iterator[None]:
    """What is computed and noted within is kept until it ends."""
    _REQUEST.results, _REQUEST.notes, _REQUEST.failed = {}, (), ()
    try:
        yield
    finally:
        _REQUEST.results, _REQUEST.notes, _REQUEST.failed = None, (), ()


def note(text: str) -> None:
    """Tell the policies that come later in the same request; outside of one nobody listens."""
    if _REQUEST.results is not None:
        _REQUEST.notes = (*_REQUEST.notes, text)


def notes() -> tuple[str, ...]:
    """What has been noted during this request."""
    return _REQUEST.notes


def fail(rule: str) -> None:
    """Tell the policies that come later in the same request that a rule has failed; outside of one nobody listens."""
    if _REQUEST.results is not None:
        _REQUEST.failed = (*_REQUEST.failed, rule)


def failed_rules() -> tuple[str, ...]:
    """The rules that have failed during this request."""
    return _REQUEST.failed
