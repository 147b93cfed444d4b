"""Rules about further flags of the vLLM server: none that a setting owns, none that opens what must stay closed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from infra.catalog import Catalog
from infra.faults import Fault
from infra.rules.flag_values import value_fault
from infra.rules.flags import CLOSED, KNOWN, OWNED, VERSION
from infra.settings import Runtime, Settings

_FLAG = re.compile(r"--[A-Za-z0-9][A-Za-z0-9_.-]*(=.*)?", re.DOTALL)
_SHAPE = "--enable-prefix-caching, or --name=value"


@dataclass(frozen=True, kw_only=True)
class _Flag:
    """A flag as argparse reads it: `name` with dashes, without `--no-` and without a part of its JSON value."""

    where: str
    written: str
    name: str
    value: str | None


def extra_args_faults(settings: Settings, _catalog: Catalog) -> Iterator[Fault]:
    """Every entry is one flag that neither doubles nor contradicts what is set elsewhere."""
    for kitchen in settings.kitchens.values():
        path = f"kitchens.{kitchen.name}.runtime.extraArgs"
        flags: list[_Flag] = []
        for index, entry in enumerate(kitchen.runtime.extra_args):
            where = f"{path}[{index}]"
            shape = _shape_fault(where, entry, kitchen.runtime.extra_args[index - 1] if index else "")
            if shape is not None:
                yield shape
                continue
            flags.append(_flag(where, entry))
        for flag in flags:
            yield from _reserved_faults(flag)
            yield from _value_faults(flag)
        yield from _twice_faults(flags)
        yield from _contradiction_faults(flags, kitchen.runtime)


def _shape_fault(where: str, entry: str, before: str) -> Fault | None:
    if _FLAG.fullmatch(entry) is None:
        if before.startswith("--") and "=" not in before and not entry.startswith("-"):
            # The value may be a secret that should not be here at all: it is not repeated.
            rule = "a flag and its value are one entry"
            return Fault(path=where, value=f"(after {before})", rule=rule, example=f"{before}=VALUE")
        rule = "must be --name or --name=value"
        return Fault(path=where, value=entry.partition("=")[0], rule=rule, example=_SHAPE)
    for mark, who in (("{{", "KServe"), ("$(", "Kubernetes")):
        if mark in entry:
            rule = f"{who} would read {mark} as a placeholder and change the value"
            return Fault(path=where, value=_shown(entry), rule=rule, example=_SHAPE)
    return None


def _flag(where: str, entry: str) -> _Flag:
    written, equals, value = entry.partition("=")
    name = written.removeprefix("--").replace("_", "-").split(".")[0]
    return _Flag(where=where, written=written, name=name.removeprefix("no-"), value=value if equals else None)


def _value_faults(flag: _Flag) -> Iterator[Fault]:
    """A flag that may be given has a value that the list understands; a reserved one is told by itself."""
    names = [flag.name] if flag.name in KNOWN else [name for name in KNOWN if name.startswith(flag.name)]
    if flag.value is None or len(names) != 1 or names[0] in OWNED or names[0] in CLOSED:
        return
    key = flag.written.partition(".")[2]
    fault = value_fault(names[0], key, flag.value)
    if fault:
        rule = f"{fault}: infra/catalog/server-flags.json says which are"
        yield Fault(path=flag.where, value=f"{flag.written}=...", rule=rule, example="without this flag")


def _shown(entry: str) -> str:
    """An entry without its value, which may be a secret."""
    name, equals, _ = entry.partition("=")
    return f"{name}=..." if equals else name


def _reserved_faults(flag: _Flag) -> Iterator[Fault]:
    """argparse takes the beginning of a flag for the flag, so a beginning counts as well."""
    names = [flag.name] if flag.name in KNOWN else sorted(name for name in KNOWN if name.startswith(flag.name))
    shown = _shown(f"{flag.written}={flag.value}" if flag.value is not None else flag.written)
    if not names:
        rule = f"vLLM {VERSION} has no such flag that infra/catalog/server-flags.json knows"
        yield Fault(path=flag.where, value=shown, rule=rule, example="its whole name, or without this flag")
    # What a setting owns is told first: there the right place is known.
    reserved = [name for name in names if name in OWNED] + [name for name in names if name in CLOSED]
    for name in reserved[:1]:
        short = "" if name == flag.name else f" (short for --{name})"
        if name in OWNED:
            rule = f"this is what {OWNED[name]} says{short}"
            yield Fault(path=flag.where, value=shown, rule=rule, example=f"{OWNED[name]}, without this flag")
        else:
            yield Fault(path=flag.where, value=shown, rule=f"{CLOSED[name]}{short}", example="without this flag")


def _twice_faults(flags: list[_Flag]) -> Iterator[Fault]:
    first: dict[str, _Flag] = {}
    for flag in flags:
        earlier = first.setdefault(flag.name, flag)
        # Parts of one JSON value, --a.b=1 --a.c=2, are no repetition.
        if earlier is not flag and not ("." in flag.written and flag.written != earlier.written):
            rule = f"stands twice, first as {earlier.written}: the last one would count"
            yield Fault(path=flag.where, value=flag.written, rule=rule, example="one of them")


def _contradiction_faults(flags: list[_Flag], runtime: Runtime) -> Iterator[Fault]:
    by_name = {flag.name: flag for flag in flags}
    yield from _batch_faults(by_name, runtime)
    eager = by_name.get("enforce-eager")
    for name in ("compilation-config", "cudagraph-capture-sizes", "max-cudagraph-capture-size"):
        if eager is not None and name in by_name:
            rule = f"contradicts {eager.written}: there are no CUDA graphs to set up"
            yield Fault(path=by_name[name].where, value=by_name[name].written, rule=rule, example=eager.written)
    sharded = by_name.get("fully-sharded-loras")
    if sharded is not None and runtime.tensor_parallel_size == 1:
        rule = "there is nothing to share out: tensorParallelSize is 1"
        yield Fault(path=sharded.where, value=sharded.written, rule=rule, example="tensorParallelSize: 2")
    scales = by_name.get("calculate-kv-scales")
    cache = by_name.get("kv-cache-dtype")
    if scales is not None and (cache is None or not (cache.value or "").startswith("fp8")):
        rule = "only an fp8 KV cache has scales"
        yield Fault(path=scales.where, value=scales.written, rule=rule, example="--kv-cache-dtype=fp8 beside it")


def _batch_faults(by_name: dict[str, _Flag], runtime: Runtime) -> Iterator[Fault]:
    """The sizes that vLLM compares at start (SchedulerConfig, vllm/config/scheduler.py)."""
    tokens = by_name.get("max-num-batched-tokens")
    if tokens is None or not (tokens.value or "").isdecimal():
        return
    chunked = by_name.get("enable-chunked-prefill")
    whole = chunked is not None and chunked.written.startswith("--no")
    least, why = max(
        (runtime.concurrency, f"concurrency ({runtime.concurrency})"),
        (runtime.max_model_len if whole else 0, f"maxModelLen ({runtime.max_model_len}), as prefills are not chunked"),
    )
    if int(tokens.value or 0) < least:
        rule = f"must be at least {why}: vLLM refuses to start otherwise"
        example = f"--max-num-batched-tokens={least}"
        yield Fault(path=tokens.where, value=f"{tokens.written}={tokens.value}", rule=rule, example=example)
