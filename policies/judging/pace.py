"""Keeps the pack fast: each resource is read out of the engine's message once, not once a rule.

The SDK deserialises a resource anew for every policy, and every resource of the stack for every policy about the stack
(pulumi_policy/policy.py, Analyze and AnalyzeStack): with thirty rules that is most of what the pack costs. What is read
is kept while one request of the engine is answered, in the thread that answers it.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from google.protobuf import json_format, struct_pb2  # type: ignore[import-untyped]  # no stubs in the lock file
from pulumi_policy import policy

_REQUESTS = ("Analyze", "AnalyzeStack")
"""Not Remediate: what one remediation changes, the next one must see."""


class _Request(threading.local):
    """What this thread has computed for the request that it answers; None between requests.

    The arguments are kept with the results, so that their identities stay their own.
    """

    results: dict[tuple[object, ...], tuple[object, Any]] | None = None
    notes: tuple[str, ...] = ()


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
    _REQUEST.results, _REQUEST.notes = {}, ()
    try:
        yield
    finally:
        _REQUEST.results, _REQUEST.notes = None, ()


def note(text: str) -> None:
    """Tell the policies that come later in the same request; outside of one nobody listens."""
    if _REQUEST.results is not None:
        _REQUEST.notes = (*_REQUEST.notes, text)


def notes() -> tuple[str, ...]:
    """What has been noted during this request."""
    return _REQUEST.notes


def _remembering(answer: Callable[..., Any]) -> Callable[..., Any]:
    """The method of the SDK's server, with a memory that ends with the answer."""

    def answering(self: Any, request: Any, context: Any) -> Any:
        with one_request():
            return answer(self, request, context)

    return answering


def message_to_dict(message: Any) -> Any:
    """What `json_format.MessageToDict` returns; a Struct, as all resources are, is read without reflection."""
    if not isinstance(message, struct_pb2.Struct):
        return json_format.MessageToDict(message)
    return {key: _value(value) for key, value in message.fields.items()}


def _value(message: Any) -> Any:
    kind = message.WhichOneof("kind")
    if kind == "struct_value":
        return {key: _value(value) for key, value in message.struct_value.fields.items()}
    if kind == "list_value":
        return [_value(value) for value in message.list_value.values]
    if kind in (None, "null_value"):
        return None
    value = getattr(message, kind)
    if kind == "number_value" and not math.isfinite(value):
        raise ValueError(f"{value} is no number of JSON")
    return value


class _JsonFormat:
    """The one function that the SDK uses of protobuf's module, remembering."""

    MessageToDict = staticmethod(once(message_to_dict))


def _of_the_request(read: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A method of the SDK's server that reads the request alone."""
    remembered = once(lambda request, server: read(server, request))
    return lambda server, request: remembered(request, server)


def read_each_resource_once() -> None:
    """Make the SDK remember what it reads during a request; the rules' inputs are then converted once as well."""
    sdk: Any = policy
    if isinstance(sdk.json_format, _JsonFormat):
        return
    servicer: Any = sdk._PolicyAnalyzerServicer
    for name in ("_get_resource_options", "_get_provider_resource"):
        setattr(servicer, name, _of_the_request(getattr(servicer, name)))
    servicer._configure_runtime_settings = functools.lru_cache(servicer._configure_runtime_settings)
    sdk.json_format = _JsonFormat()
    for name in ("deserialize_properties", "unknown_checking_proxy"):
        setattr(sdk, name, once(getattr(sdk, name)))
    for name in _REQUESTS:
        setattr(servicer, name, _remembering(getattr(servicer, name)))
