"""`make demo` for real: vLLM on CPU behind the real Envoy, three calls, and nothing left after them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.lines import json_lines
from tests.unit.tools.demo.test_demo import answers, children
from tools.local.workspace import REPOSITORY


def test_the_demo_answers_and_ends(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tools.demo", "--once", "--directory", str(tmp_path / "kitchen")]
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    adapter, base, closed = answers(done.stdout)
    assert [adapter[0], base[0], closed[0]] == [200, 200, 403]
    said = [body["choices"][0]["message"]["content"] for _, body in (adapter, base)]
    assert said[0] != said[1], "the adapter answers otherwise than the base model"
    assert children(tmp_path) == []
    lines = json_lines(tmp_path / "kitchen" / "demo" / "calls.jsonl")
    told = [line["totalTokens"] for line in lines]
    assert told == [body["usage"]["total_tokens"] for _, body in (adapter, base)] + [None]
