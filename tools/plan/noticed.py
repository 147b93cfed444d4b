"""What of a kitchen its callers would notice, at once or later: its owner approves it, by a closed table.

What is in no row is noticed: a setting that is new here asks the owner until somebody has thought about it.
"""

from __future__ import annotations

from collections.abc import Iterator

from infra.settings import Kitchen
from ops.plan.report import Entry

_UNNOTICED = frozenset({
    "replicas", "rollout", "adapterSpaceGiB",  # but for what `_less_redundant` finds
    *(f"autoscaling.{name}" for name in ("maxReplicas", "minReplicas", "metric", "target", "scaleToZero")),
    *(f"runtime.{name}" for name in (
        "maxLoras", "maxLoraRank", "maxCpuLoras", "fullyShardedLoras", "maxModelLen", "concurrency", "tokensPerRequest",
        "gpuMemoryUtilization", "tensorParallelSize", "expertParallel", "prefixCaching", "chunkedPrefill",
        "batchedTokens",
    )),
})  # fmt: skip
"""A kitchen's own tuning: how fast it answers and how much it holds, and not what."""

_TOLD = frozenset({"tenant", "baseModel"})
"""What has words of its own."""

_BESIDE = "surge"


def of_kitchen(entry: Entry, was: Kitchen | None, now: Kitchen | None) -> Iterator[str]:
    """Why the owner of a kitchen is asked; `entry` is the report's, `was` and `now` are its settings."""
    name = entry["name"]
    if entry["change"] == "added":
        yield f"{name} comes"
    elif entry["change"] == "removed":
        yield f"{name} goes"
    else:
        yield from (f"{name}: {adapter['name']} {adapter['change']}" for adapter in entry["adapters"])
        if any(line.startswith("baseModel ") for line in entry["settings"]):
            yield f"{name}: another base model"
    if entry["pods"] == "restart" and not entry["away"].startswith("not away"):
        yield f"{name} is away"
    if entry["change"] != "changed" or was is None or now is None:
        return
    yield from _less_redundant(was, now)
    if now.runtime.max_model_len < was.runtime.max_model_len:
        yield f"{name}: longer texts than {now.runtime.max_model_len} tokens are refused"
    yield from (f"{name}: {line}" for line in entry["settings"] if _setting(line) not in _UNNOTICED | _TOLD)


def hosts(was: Kitchen | None, now: Kitchen | None) -> Iterator[str]:
    """Where the kitchen's server may fetch from, and could not before."""
    had = was.inputs.image_hosts if was else ()
    yield from (host for host in (now.inputs.image_hosts if now else ()) if host not in had)


def _setting(line: str) -> str:
    """Its path in a line such as `replicas 1 -> 2` or `runtime.chatTemplate: another text`."""
    return line.partition(" ")[0].rstrip(":")


def _less_redundant(was: Kitchen, now: Kitchen) -> Iterator[str]:
    """What is not noticed at once, but at the next restart of a pod, or by the first caller after a pause."""
    had, has = _pods_at_least(was), _pods_at_least(now)
    if has < had and has == 0:
        yield f"{now.name}: no replica while nobody calls: the first caller waits for a start"
    elif has < had and has == 1:
        yield f"{now.name}: one replica: away at each restart"
    elif has == 1 and now.rollout != was.rollout == _BESIDE:
        yield f"{now.name}: the old pod ends first: away at each change"


def _pods_at_least(kitchen: Kitchen) -> int:
    return kitchen.replicas if kitchen.autoscaling is None else kitchen.autoscaling.min_replicas
