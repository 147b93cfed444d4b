"""What the entry's check lets through, vLLM reads as the check has read it; and every field of vLLM's is known."""

from __future__ import annotations

import base64
import collections
import json
import os
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.entry.paths import PATHS
from infra.payload.call_bounds import CLOSED, PARAMETERS
from tests.entry.support import generated
from tests.entry.support.reading import let_through
from tests.serving.support.served_kitchen import PYTHON

BODIES = int(os.environ.get("KITCHEN_GENERATED_BODIES", "20000"))
SEED = int(os.environ.get("KITCHEN_GENERATED_SEED", "14"))
FILLED = {"tool_choice", "max_tokens", "chat_template_kwargs"}
"""What validators of vLLM's set themselves where a body says nothing about it."""

SCRIPT = Path(__file__).parent / "support" / "vllm_reading.py"


def vllm(*arguments: str, told: str = "") -> list[Any]:
    """Lines of the script's answers."""
    command = [os.environ[PYTHON], str(SCRIPT), *arguments]
    done = subprocess.run(
        command,
        input=told,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "VLLM_LOGGING_LEVEL": "ERROR"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def fields() -> dict[str, set[str]]:
    return {path: set(names) for path, names in vllm("fields")[0].items()}


def test_each_field_is_open_or_closed_with_a_reason(fields: dict[str, set[str]]) -> None:
    """A new version of vLLM shows here what is new in it."""
    unknown = {path: sorted(names - {"model"} - set(PARAMETERS[path]) - set(CLOSED)) for path, names in fields.items()}
    assert {path: names for path, names in unknown.items() if names} == {}


def test_what_is_open_is_a_field(fields: dict[str, set[str]]) -> None:
    strange = {path: sorted(set(PARAMETERS[path]) - names) for path, names in fields.items()}
    assert {path: names for path, names in strange.items() if names} == {}


def test_what_is_closed_is_a_field_that_is_not_open(fields: dict[str, set[str]]) -> None:
    closed = {name for path, names in fields.items() for name in names - set(PARAMETERS[path])}
    assert sorted(set(CLOSED) - closed) == []


def test_every_path_of_the_check_is_compared(fields: dict[str, set[str]]) -> None:
    assert set(fields) == set(PARAMETERS)


def test_a_kitchen_that_reranks_has_every_path_of_scoring() -> None:
    """vLLM has them all or none (enable_scoring_api), and so one task opens them."""
    assert set(vllm("scoring")[0]["paths"]) == set(PATHS["rerank"])


def test_vllm_reads_the_same() -> None:
    source = random.Random(SEED)  # noqa: S311 - the same bodies for the same seed
    passed: list[tuple[str, bytes, dict[str, Any]]] = []
    for _ in range(BODIES):
        path = source.choice(sorted(PARAMETERS))
        _, raw = generated.body(source, path)
        if (found := let_through(path, raw)) is not None:
            passed.append((path, raw, found))
    told = "\n".join(json.dumps({"path": path, "body": base64.b64encode(raw).decode()}) for path, raw, _ in passed)
    answers = vllm(told=told)
    assert len(answers) == len(passed) > BODIES // 20
    wrong, refused, filled = [], collections.Counter[str](), collections.Counter[str]()
    for (path, raw, found), read in zip(passed, answers, strict=True):
        if "refused" in read:
            refused[read["refused"][:60]] += 1
            continue
        more = set(read["given"]) - set(found)
        filled.update(more)
        unseen = [name for name in read["extra"] if found[name] is not None]
        if read["model"] != found["model"] or unseen or not more <= FILLED:
            wrong.append((path, raw[:300], read))
    print(f"\n{len(passed)} of {BODIES} let through; vLLM refuses {sum(refused.values())}: {dict(refused)}")
    print(f"filled in by vLLM itself: {dict(filled)}")
    assert wrong == []
