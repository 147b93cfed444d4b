"""Pulumi's mocks for the tests of this tier."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
from pulumi.runtime import mocks


def use(monitor: mocks.Mocks) -> None:
    """Let a monitor answer what is declared next; the thread's loop may be gone since an earlier `asyncio.run`."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    mocks.set_mocks(monitor, project="kitchen", stack="dev")


class Recorder(mocks.Mocks):
    """Keeps the inputs of each resource by its kind and name; a RandomPassword's result is `canary`."""

    def __init__(self, canary: str = "no secret") -> None:
        self.made: dict[tuple[str, str], dict[str, Any]] = {}
        self._canary = canary

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.made[args.typ.rpartition(":")[2], args.inputs.get("metadata", {}).get("name", args.name)] = args.inputs
        outputs = dict(args.inputs)
        if args.typ.endswith(":RandomPassword"):
            outputs["result"] = self._canary
        return f"{args.name}-id", outputs

    def call(self, _args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        return {}, []
