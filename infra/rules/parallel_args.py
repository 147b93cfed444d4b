"""Rules about flags that share a model out over GPUs: what vLLM's ParallelConfig refuses when it starts.

Source: vllm/config/parallel.py of vLLM 0.27.1, _validate_parallel_config and _validate_eplb_config. Pipelines and data
parallelism are closed flags, so that the GPUs of a server are those of tensorParallelSize.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from infra.faults import Fault
from infra.flag_words import FlagWord
from infra.runtime_settings import Runtime
from infra.strict_json import JsonError, parse

_EXCLUSIVE = ("torch_nccl", "pynccl")
"""Communicators that experts which are moved at any time cannot use."""


def parallel_faults(path: str, words: Sequence[FlagWord], runtime: Runtime) -> Iterator[Fault]:
    """What does not go with the kitchen's GPUs, and flags that need another one."""
    by_name = {word.name: word for word in words}
    yield from _context_faults(path, by_name, runtime.tensor_parallel_size)
    balances = by_name.get("enable-eplb")
    on = balances is not None and not balances.negated
    if balances is not None and on:
        yield from _balancing_faults(path, balances, runtime)
    yield from _eplb_faults(path, words, on=on)


def _context_faults(path: str, by_name: dict[str, FlagWord], gpus: int) -> Iterator[Fault]:
    word, way = by_name.get("decode-context-parallel-size"), by_name.get("dcp-comm-backend")
    size = _number(word.value) if word is not None else 1
    if word is not None and size is not None and (size < 1 or gpus % size):
        rule = f"must divide tensorParallelSize, which is {gpus}: vLLM refuses to start"
        example = f"{word.written}={gpus}"
        yield Fault(path=f"{path}[{word.index}]", value=word.value, rule=rule, example=example)
    if way is not None and way.value == "a2a" and size is not None and size <= 1:
        rule = "needs --decode-context-parallel-size of 2 or more: vLLM refuses to start"
        yield Fault(path=f"{path}[{way.index}]", value=way.value, rule=rule, example=f"{way.written}=ag_rs")


def _balancing_faults(path: str, word: FlagWord, runtime: Runtime) -> Iterator[Fault]:
    missing = []
    if not runtime.expert_parallel:
        missing.append("expertParallel: true")
    if runtime.tensor_parallel_size == 1:
        missing.append("tensorParallelSize: 2")
    if missing:
        rule = "balances experts between GPUs, and there is nothing to balance: vLLM refuses to start"
        yield Fault(path=f"{path}[{word.index}]", value=word.written, rule=rule, example=" and ".join(missing))


def _eplb_faults(path: str, words: Sequence[FlagWord], *, on: bool) -> Iterator[Fault]:
    said: dict[str, tuple[FlagWord, Any]] = {}
    for word in words:
        if word.name == "eplb-config":
            said |= {key: (word, value) for key, value in _values(word).items()}
    extra = said.get("num_redundant_experts")
    if extra is not None and not on and extra[1] != 0:
        rule = "more copies of experts need --enable-eplb: vLLM refuses to start"
        yield _eplb_fault(path, extra[0], rule, "without this flag")
    policy, by = said.get("policy"), said.get("communicator")
    if policy is not None and policy[1] != "default":
        yield _eplb_fault(path, policy[0], "the policy default is the only one: vLLM refuses to start", "without it")
    if by is not None and by[1] in _EXCLUSIVE and said.get("use_async", (by[0], True))[1] is not False:
        yield _eplb_fault(path, by[0], f"{by[1]} cannot move experts at any time: vLLM refuses to start", _AT_ONCE)


_AT_ONCE = "--eplb-config.use_async=false"


def _eplb_fault(path: str, word: FlagWord, rule: str, example: str) -> Fault:
    return Fault(path=f"{path}[{word.index}]", value=word.shown, rule=rule, example=example)


def _values(word: FlagWord) -> dict[str, Any]:
    """The keys that a word gives, with their values; text where a value is no JSON."""
    value = _json(word.value)
    if word.key:
        return {word.key: value}
    return value if isinstance(value, dict) else {}


def _json(text: str | None) -> Any:
    try:
        return parse(text or "")
    except JsonError:
        return text


def _number(text: str | None) -> int | None:
    value = _json(text)
    return value if type(value) is int else None
