"""Rules: how many adapters of which rank a server takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pulumi_policy import EnforcementLevel, Severity

from policies.judging.rule import Case, Rule
from policies.judging.values import JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault
from policies.manifests.flags import Flags, flags_of, modules
from policies.manifests.models import adapters_named
from policies.manifests.objects import each_object, told
from policies.manifests.pods import Container, pods

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""Ranks that vLLM takes for --max-lora-rank (vllm/config/lora.py)."""

_DEFAULT_LORAS, _DEFAULT_RANK = 1, 16
_MAX_LORAS, _MAX_RANK, _MAX_CPU, _FEW, _OPERATIONS = 16, 128, 128, 4, 4
_EXAMPLE = "args: [--enable-lora, --max-loras=2, --max-lora-rank=16, --lora-modules, helpdesk-faq=/mnt/adapters/...]"
_REFERENCE = "https://docs.vllm.ai/en/latest/features/lora.html"


def lora_containers(case: Case) -> Iterator[tuple[Container, Flags]]:
    """Containers that are given a LoRA flag, with their command line."""
    for pod in pods(case.subject):
        for container in pod.containers():
            flags = flags_of(container)
            if flags.has_lora:
                yield container, flags


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each number that is out of bounds or not known."""
    rule = "LoRA flags are within the bounds of the pack and of vLLM, and fit the adapters"
    return told(case, _faults(case, _limits), rule, _EXAMPLE)


@each_object
def judge_few(case: Case) -> Iterator[str]:
    """Yield one message for a server that starts with many adapters before operations do."""
    rule = "few adapters until phase 4, when a server's load is seen"
    return told(case, _faults(case, _many), rule, "two adapters a kitchen, and a second kitchen for more")


def _faults(case: Case, judge_one: Callable[[Case, str, Flags], Iterator[Fault]]) -> Iterator[Fault]:
    for container, flags in lora_containers(case):
        yield from judge_one(case, f"{container.path}.args", flags)


def _limits(case: Case, path: str, flags: Flags) -> Iterator[Fault]:
    if flags.unknown:
        yield Fault(path=path, text=NOT_KNOWN)
    for flag, times in flags.given.items():
        if "lora" in flag and len(times) > 1:
            yield Fault(path=path, text=f"gives --{flag} {len(times)} times, of which one counts")
    loras = _number(flags, "max-loras", _DEFAULT_LORAS)
    cpu = _number(flags, "max-cpu-loras", loras)
    rank = _number(flags, "max-lora-rank", _DEFAULT_RANK)
    bounds = (("max-loras", loras, "maxLoras", _MAX_LORAS), ("max-cpu-loras", cpu, "maxCpuLoras", _MAX_CPU))
    for flag, value, key, default in bounds:
        highest = _bound(case, key, default)
        # What is not given follows from --max-loras, or is vLLM's own default.
        if flag in flags.given and (value is None or not 1 <= value <= highest):
            yield Fault(path=path, text=f"--{flag} {_shown(flags, flag)}, allowed are 1 to {highest}")
    if loras is not None and cpu is not None and cpu < loras:
        yield Fault(path=path, text=f"--max-cpu-loras is {cpu}, below --max-loras, which is {loras}")
    highest = _bound(case, "maxLoraRank", _MAX_RANK)
    allowed = [str(entry) for entry in RANKS if entry <= highest]
    if str(rank) not in allowed:
        yield Fault(
            path=path, text=f"--max-lora-rank {_shown(flags, 'max-lora-rank')}, allowed are {', '.join(allowed)}"
        )
    else:
        yield from _ranks(case, path, flags, int(str(rank)))


def _ranks(case: Case, path: str, flags: Flags, rank: int) -> Iterator[Fault]:
    for module in modules(flags):
        entries = list(adapters_named(case.world, module.name or ""))
        # Which version runs is the manifest's word: here the smallest one must fit.
        ranks = [int(entry["rank"]) for entry in entries if isinstance(entry.get("rank"), int)]
        if ranks and min(ranks) > rank:
            text = f"adapter {module.name!r} has rank {min(ranks)}, above --max-lora-rank, which is {rank}"
            yield Fault(path=path, text=text)


def _many(case: Case, path: str, flags: Flags) -> Iterator[Fault]:
    count, few = sum(1 for _ in modules(flags)), _bound(case, "few", _FEW)
    if count > few and (case.world.phase is None or case.world.phase < _OPERATIONS):
        yield Fault(path=path, text=f"starts with {count} adapters, {few} are few")


def _number(flags: Flags, flag: str, default: int | None) -> int | None:
    """A flag's number, the default where it is not given, None where it is no number."""
    values = flags.last(flag)
    if values is None:
        return default
    return int(values[0]) if len(values) == 1 and values[0].isascii() and values[0].isdecimal() else None


def _shown(flags: Flags, flag: str) -> str:
    values = flags.last(flag)
    return "is not given" if values is None else f"is {' '.join(values)!r}"


def _bound(case: Case, key: str, default: int) -> int:
    value: JsonValue = case.config.get(key)
    return int(value) if isinstance(value, int | float) else default


def _schema(default: int, description: str) -> dict[str, JsonValue]:
    return {"type": "integer", "default": default, "description": description}


RULE = Rule(
    id="lora-limits",
    title="LoRA flags are within bounds, are what vLLM takes, and fit the adapters.",
    severity=Severity.HIGH,
    reason="A server with a rank that vLLM does not take, or below an adapter's, does not start; too many slots "
    "take the memory of the cache.",
    remedy="Set runtime.maxLoras, maxLoraRank and maxCpuLoras of the kitchen by its adapters.",
    reference=_REFERENCE,
    judge=judge,
    config_schema={
        "maxLoras": _schema(_MAX_LORAS, "most adapters in one batch (--max-loras)"),
        "maxLoraRank": _schema(_MAX_RANK, "highest rank (--max-lora-rank)"),
        "maxCpuLoras": _schema(_MAX_CPU, "most adapters in main memory (--max-cpu-loras)"),
    },
)

FEW = Rule(
    id="adapters-few",
    title="A server starts with few adapters until phase 4.",
    severity=Severity.LOW,
    reason="Before operations see a server's load, each further adapter makes it harder to say what slows it down.",
    remedy="Begin with few adapters a kitchen; add more in phase 4.",
    reference=_REFERENCE,
    judge=judge_few,
    level=EnforcementLevel.ADVISORY,
    config_schema={"few": _schema(_FEW, "adapters that are few")},
)
