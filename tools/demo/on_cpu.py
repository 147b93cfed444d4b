"""A server as the program declares it, as a process on a machine without a GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.flag_words import VERSION

# Everything in which the process differs from the container in a cluster:
DROPPED_ARGUMENTS = ("--gpu-memory-utilization=",)  # there is no GPU
REPLACED_ARGUMENTS = {"--max-model-len=": "256"}  # the stand-in model has 2048 positions; a small one starts faster
# vLLM's attention on CPU knows heads of 32 and more; the stand-in model's are of 16.
HEADS = '--hf-overrides={"num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 32}'
ADDED_ARGUMENTS = ("--enforce-eager", "--host=127.0.0.1", HEADS)
ADDED_ENVIRONMENT = {"VLLM_CPU_KVCACHE_SPACE": "1"}
# Beside these: paths of mounts, the ports and the interpreter.


def distribution(folder: Path) -> dict[str, str]:
    """Make, in `folder`, what tells Python that a package called vllm is installed; return the variables for it.

    `vllm serve` asks for the version of that package by its name, and the build for CPU is called vllm-cpu. The images
    have it under its own name. By the word cpu in the version vLLM knows where it runs.
    """
    version = f"{VERSION}+cpu"
    place = folder / f"vllm-{version}.dist-info"
    place.mkdir(parents=True, exist_ok=True)
    (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n", encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


def arguments(args: Sequence[str], here: Mapping[str, str]) -> list[str]:
    """The container's arguments for this machine; `here` has paths and ports as in the pod and as they are here."""
    words = [word for word in args if not word.startswith(DROPPED_ARGUMENTS)]
    for start, value in REPLACED_ARGUMENTS.items():
        words = [f"{start}{value}" if word.startswith(start) else word for word in words]
    return [*(word_here(word, here) for word in words), *ADDED_ARGUMENTS]


def environment(container: Mapping[str, Any], here: Mapping[str, str]) -> dict[str, str]:
    """The container's plain variables for this machine."""
    plain = {entry["name"]: word_here(entry["value"], here) for entry in container["env"] if "value" in entry}
    return {**plain, **ADDED_ENVIRONMENT}


def word_here(word: str, here: Mapping[str, str]) -> str:
    """A word with the paths, and as a `--port` the ports, of this machine."""
    option, _, value = word.rpartition("=")
    if option.endswith("port"):
        return f"{option}={here.get(value, value)}"
    for inside, outside in sorted(here.items(), key=lambda item: -len(item[0])):
        if inside.startswith("/") and (value == inside or value.startswith(f"{inside}/")):
            value = f"{outside}{value[len(inside) :]}"
            break
    return f"{option}={value}" if option else value


def mounts(container: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """A folder of its own for each place that the container writes to, apart from shared memory."""
    found = {mount["mountPath"]: str(folder / mount["name"]) for mount in container["volumeMounts"]}
    return {inside: outside for inside, outside in found.items() if inside != "/dev/shm"}  # noqa: S108 - in the pod
