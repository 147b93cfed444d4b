"""Keeps the pack fast: each resource is read out of the engine's message once, not once a rule.

The SDK deserialises a resource anew for every policy (pulumi_policy/policy.py, Analyze): with thirty rules that is most
of what the pack costs. The engine asks from several threads, so each keeps the last resource of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from google.protobuf import json_format  # type: ignore[import-untyped]  # no stubs in the lock file
from pulumi_policy import policy


class _Last(threading.local):
    """The last arguments and result of this thread; the first one is kept, so that its identity stays its own."""

    argument: object = None
    rest: tuple[object, ...] = ()
    result: Any = None


def once(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, computed once for calls in a row with the very same first argument; the result is shared."""
    last = _Last()

    def remembering(argument: Any, *rest: object) -> Any:
        if last.argument is not argument or last.rest != rest:
            last.result = function(argument, *rest)
            last.argument, last.rest = argument, rest
        return last.result

    return remembering


class _JsonFormat:
    """The one function that the SDK uses of protobuf's module, remembering."""

    MessageToDict = staticmethod(once(json_format.MessageToDict))


def read_each_resource_once() -> None:
    """Make the SDK remember the last resource of each thread; the rules' inputs are then converted once as well."""
    sdk: Any = policy
    if not isinstance(sdk.json_format, _JsonFormat):
        sdk.json_format = _JsonFormat()
        for name in ("deserialize_properties", "unknown_checking_proxy"):
            setattr(sdk, name, once(getattr(sdk, name)))
