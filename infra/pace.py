"""Keeps a large environment's preview fast: three costs of the SDK that grow with every resource."""

from __future__ import annotations

import asyncio
import os
from types import CoroutineType

import pulumi
from pulumi.runtime import resource
from pulumi.runtime.proto import source_pb2

KEEP_DEBUG = "KITCHEN_SDK_DEBUG"
"""Environment variable; with any value the SDK's debug messages reach `pulumi --debug`, and states say where in the
program a resource was declared."""


def without_debug_messages() -> None:
    """Drop the SDK's debug messages; warnings and errors are not touched.

    It sends each of them to the engine in a blocking call (pulumi/log.py), about five a resource, whether or not
    anybody listens: a fifth of what a resource costs in a preview.
    """
    if not os.environ.get(KEEP_DEBUG):
        pulumi.log.debug = _drop


def without_stack_traces() -> None:
    """Send no stack trace with a resource: the engine puts it into the state, and shows it to nobody.

    The SDK reads the stack of each resource's declaration, down to the interpreter, and looks at every file on it
    (pulumi/runtime/resource.py, _get_stack_trace): a seventh of what the program takes, and a tenth of the state, with
    the paths of whoever made the update.
    """
    if not os.environ.get(KEEP_DEBUG):
        resource._get_stack_trace = _no_stack


async def all_registered() -> None:
    """Wait until every resource is registered, or one of them has failed; failures are the SDK's to report.

    Left to itself, the SDK looks at every open output again each time one of them is ready
    (pulumi/runtime/stack.py, wait_for_rpcs): at 1,000 resources that is more than half of a preview.
    """
    me = asyncio.current_task()
    while others := {task for task in asyncio.all_tasks() if task is not me and _ends(task)}:
        done, _ = await asyncio.wait(others, return_when=asyncio.FIRST_EXCEPTION)
        if any(task.cancelled() or task.exception() for task in done):
            return


def _ends(task: asyncio.Task[object]) -> bool:
    """Whether a task comes to an end: those of the server that answers hooks, which are compiled code, do not."""
    return isinstance(task.get_coro(), CoroutineType)


def _no_stack() -> source_pb2.StackTrace:
    return source_pb2.StackTrace()


def _drop(*_: object, **__: object) -> None:
    """Take a message and do nothing."""
