"""Waiting for resources: to the end, also of what others start, and no longer than to the first failure."""

from __future__ import annotations

import asyncio

import pulumi
import pytest
from pulumi.runtime import resource

from infra.pace import KEEP_DEBUG, all_registered, without_debug_messages, without_stack_traces


def test_it_waits_for_tasks_and_for_those_that_they_start() -> None:
    done: list[str] = []

    async def work(name: str, starts: str | None = None) -> None:
        await asyncio.sleep(0.01)
        if starts:
            asyncio.ensure_future(work(starts))  # noqa: RUF006 - the loop keeps it, as it keeps the SDK's
        done.append(name)

    async def program() -> None:
        asyncio.ensure_future(work("first", "second"))  # noqa: RUF006
        await all_registered()

    asyncio.run(program())
    assert done == ["first", "second"]


def test_it_returns_at_a_failure_and_leaves_it_to_others() -> None:
    async def fails() -> None:
        raise ValueError("told elsewhere")

    async def program() -> asyncio.Task[None]:
        never = asyncio.ensure_future(asyncio.sleep(3600))
        failed = asyncio.ensure_future(fails())
        async with asyncio.timeout(60):
            await all_registered()
        never.cancel()
        return failed

    failed = asyncio.run(program())
    assert isinstance(failed.exception(), ValueError)


def test_debug_messages_are_dropped_unless_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = pulumi.log.debug
    monkeypatch.setattr(pulumi.log, "debug", kept)
    monkeypatch.setenv(KEEP_DEBUG, "1")
    without_debug_messages()
    assert pulumi.log.debug is kept
    monkeypatch.delenv(KEEP_DEBUG)
    without_debug_messages()
    assert pulumi.log.debug is not kept


def test_stack_traces_are_left_away_unless_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = resource._get_stack_trace
    monkeypatch.setattr(resource, "_get_stack_trace", kept)
    monkeypatch.setenv(KEEP_DEBUG, "1")
    without_stack_traces()
    assert resource._get_stack_trace is kept
    monkeypatch.delenv(KEEP_DEBUG)
    without_stack_traces()
    assert resource._get_stack_trace is not kept
    assert resource._get_source_position(resource._get_stack_trace()) is None
