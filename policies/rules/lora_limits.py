"""Rule: LoRA flags are within bounds, are what vLLM takes, and fit the adapters."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.values import JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault
from policies.manifests.flags import Flags, lora_containers, modules
from policies.manifests.models import adapters_named
from policies.manifests.objects import each_object, told

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""Ranks that vLLM takes for --max-lora-rank (vllm/config/lora.py)."""

_DEFAULT_LORAS, _DEFAULT_RANK = 1, 16
_MAX_LORAS, _MAX_RANK, _MAX_CPU = 16, 128, 128
_EXAMPLE = "args: [--enable-lora, --max-loras=2, --max-lora-rank=16, --lora-modules, helpdesk-faq=/mnt/adapters/...]"
_REFERENCE = "https://docs.vllm.ai/en/latest/features/lora.html"


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each number that is out of bounds or not known."""
    rule = "LoRA flags are within the bounds of the pack and of vLLM, and fit the adapters"
    return told(case, _faults(case), rule, _EXAMPLE)


def _faults(case: Case) -> Iterator[Fault]:
    for container, flags in lora_containers(case.subject):
        yield from _limits(case, f"{container.path}.args", flags)


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
