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

_KEPT = 4
"""How many results are kept: the SDK reads a resource's provider between two rules about it."""


class _Last(threading.local):
    """This thread's last arguments and results; the arguments are kept, so that their identities stay their own."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, tuple[object, ...], Any]] = []


def once(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, not computed again for the very same first argument as in one of the last calls; shared results."""
    last = _Last()

    def remembering(argument: Any, *rest: object) -> Any:
        for known, others, result in last.calls:
            if known is argument and others == rest:
                return result
        computed = function(argument, *rest)
        last.calls = [(argument, rest, computed), *last.calls[: _KEPT - 1]]
        return computed

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
