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
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import policy

_REQUESTS = ("Analyze", "AnalyzeStack")
"""Not Remediate: what one remediation changes, the next one must see."""


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


def _where_asked(remediate: Callable[..., Any]) -> Callable[..., Any]:
    """The method that answers Remediate, without reading the resource where no policy is set to `remediate`.

    The engine asks for every resource, and remediations are off unless the pack's configuration turns them on.
    """

    def answering(self: Any, request: Any, context: Any) -> Any:
        levels = map(self._get_enforcement_level, self._PolicyAnalyzerServicer__policies)
        if policy.EnforcementLevel.REMEDIATE in levels:
            return remediate(self, request, context)
        return analyzer_pb2.RemediateResponse()

    return answering


def _for_remediations(proxy: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Proxies raise where an unknown value is touched. Rules look for unknown values themselves (`judging.values`)."""
    return lambda value: value if _REQUEST.results is not None else proxy(value)


class _Stack:
    """A request about a stack whose resources come once; who asks again gets none."""

    def __init__(self, request: Any) -> None:
        self._resources: Iterator[object] = iter(request.resources)

    @property
    def resources(self) -> Iterator[object]:
        return self._resources


def _built_once(analyze: Callable[..., Any]) -> Callable[..., Any]:
    """The method that answers AnalyzeStack, which builds the resources for the first policy and not for each."""
    return lambda self, request, context: analyze(self, _Stack(request), context)


def _arguments_of(arguments: Callable[..., Any]) -> Callable[..., Any]:
    """What the SDK gives to a policy about the stack: the resources that were built for the request's first one."""

    def made(resources: list[Any], *rest: object) -> Any:
        if _REQUEST.results is None:
            return arguments(resources, *rest)
        _, first = _REQUEST.results.setdefault(("stack",), (None, resources))
        return arguments(first, *rest)

    return made


def read_each_resource_once() -> None:
    """Make the SDK remember what it reads during a request; the rules' inputs are then converted once as well."""
    sdk: Any = policy
    if isinstance(sdk.json_format, _JsonFormat):
        return
    servicer: Any = sdk._PolicyAnalyzerServicer
    for name in ("_get_resource_options", "_get_provider_resource"):
        setattr(servicer, name, _of_the_request(getattr(servicer, name)))
    servicer._configure_runtime_settings = functools.lru_cache(servicer._configure_runtime_settings)
    servicer.Remediate = _where_asked(servicer.Remediate)
    servicer.AnalyzeStack = _built_once(servicer.AnalyzeStack)
    sdk.StackValidationArgs = _arguments_of(sdk.StackValidationArgs)
    sdk.json_format = _JsonFormat()
    sdk.deserialize_properties = once(sdk.deserialize_properties)
    sdk.unknown_checking_proxy = _for_remediations(sdk.unknown_checking_proxy)
    for name in _REQUESTS:
        setattr(servicer, name, _remembering(getattr(servicer, name)))
