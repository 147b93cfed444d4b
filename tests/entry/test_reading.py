"""The check of bodies beside Python's own reader, which is vLLM's: what passes is read alike, and quickly."""

from __future__ import annotations

import json
import math
import os
import random
import time
from typing import Any

import pytest

from infra.payload.call_bounds import CLOSED, DEFAULTS, NEEDED, PARAMETERS
from tests.entry.support import generated
from tests.entry.support.plan import CHAT
from tests.entry.support.reading import let_through, pairs

BODIES = int(os.environ.get("KITCHEN_GENERATED_BODIES", "20000"))
SEED = int(os.environ.get("KITCHEN_GENERATED_SEED", "14"))


def test_what_passes_is_read_alike() -> None:
    source = random.Random(SEED)  # noqa: S311 - the same bodies for the same seed
    passed = 0
    for _ in range(BODIES):
        path = source.choice(sorted(PARAMETERS))
        _, raw = generated.body(source, path)
        found = let_through(path, raw)
        if found is None:
            continue
        passed += 1
        # Equal values of another type are another reading: True is 1.
        assert repr(json.loads(raw)) == repr(found)
        assert isinstance(found["model"], str)
        assert {name for name, value in found.items() if value is not None} <= {"model", *PARAMETERS[path]}
        assert set(found) <= {"model", *PARAMETERS[path], *CLOSED}
        keys = [key.casefold().strip() for key, _ in pairs(raw)]
        assert keys.count("model") == 1
        assert all(math.isfinite(number) for number in _numbers(found))
    assert passed > BODIES // 20


def _numbers(value: Any) -> list[float]:
    if isinstance(value, float):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [number for part in parts for number in _numbers(part)]


def test_no_parameter_is_open_and_closed_on_every_path() -> None:
    everywhere = set.intersection(*(set(known) for known in PARAMETERS.values()))
    assert everywhere & set(CLOSED) == set()
    assert all(len(reason) > 10 for reason in CLOSED.values())


def test_what_is_needed_is_open() -> None:
    assert set(NEEDED) == set(PARAMETERS)
    for path, ways in NEEDED.items():
        assert {name for way in ways for name in way} <= set(PARAMETERS[path])


@pytest.mark.parametrize("path", sorted(PARAMETERS))
def test_every_parameter_refuses_what_is_none_of_its_values(path: str) -> None:
    class Other:
        """Of a type that no JSON has."""

    known = PARAMETERS[path]
    assert [name for name, check in known.items() if check(Other(), DEFAULTS) is None] == []


_SIZE = 1024 * 1024
_SLOW = {
    "a text that does not end": b'{"model": "' + b'\\"' * (_SIZE // 2),
    "texts that do not end": b'"\\' * (_SIZE // 2),
    "brackets": b"[" * _SIZE,
    "brackets in turn": b'{"a":[' * (_SIZE // 6),
    "empty lists": b'{"model": "a", "tools": [' + b"[]," * (_SIZE // 3) + b"[]]}",
    "digits": b'{"model": "a", "seed": ' + b"9" * _SIZE + b"}",
    "digits after the point": b'{"model": "a", "top_p": 0.' + b"9" * _SIZE + b"}",
    "keys": b"{" + b",".join(b'"k%d":1' % number for number in range(_SIZE // 12)) + b"}",
    "escapes": b'{"model": "' + b"\\ud83c\\udf70" * (_SIZE // 12) + b'"}',
    "spaces": b" " * _SIZE,
    "parts": json.dumps(
        {"model": "a", "messages": [{"role": "user", "content": [{"type": "text", "text": ""}] * 40000}]}
    ).encode(),
    "a pattern of brackets": json.dumps(
        {
            "model": "a",
            "messages": [{"role": "user", "content": "a"}],
            "structured_outputs": {"json": {"patternProperties": {"(" * 1000 + str(n): {} for n in range(60)}}},
        }
    ).encode(),
    "an image": json.dumps(
        {"model": "a", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {
            "url": "data:image/png;base64," + "A" * _SIZE + "!"}}]}]}
    ).encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(_SLOW))
def test_no_body_takes_much_longer_than_a_good_one_of_its_size(name: str) -> None:
    """Everything else waits meanwhile. A good body of a mebibyte is read in some milliseconds; squares take minutes."""
    good = json.dumps({"model": "a", "messages": [{"role": "user", "content": "a b" * 100}] * 512}).encode()
    good += b" " * (_SIZE - len(good))
    ratio = _seconds(_SLOW[name]) / max(_seconds(good) for _ in range(3))
    print(f"\n{name}: {ratio:.1f} times a good body")
    assert ratio < 300


def _seconds(raw: bytes) -> float:
    """Of the processor: others at work on the machine must not count."""
    begin = time.process_time()
    let_through(CHAT, raw)
    return time.process_time() - begin
