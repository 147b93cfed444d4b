"""What is told where the engine's own word does not say what to do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.local.errors import LocalError
from tools.pipeline.backend import Backend


@pytest.mark.parametrize(("said", "told"), [
    ("error: no stack named 'dev' found", "is PULUMI_BACKEND_URL right? A new stack: make init STACK=dev"),
    ("error: passphrase must be set", "failed: error: passphrase must be set"),
])  # fmt: skip
def test_a_stack_that_is_not_there_is_told_with_a_way(
    said: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Backend, "environment", staticmethod(dict))
    done = subprocess.CompletedProcess([], 255, "", said)
    monkeypatch.setattr("tools.pipeline.backend.subprocess.run", lambda *_, **__: done)
    with pytest.raises(LocalError) as raised:
        Backend("dev", tmp_path, tmp_path).exported()
    assert str(raised.value).endswith(told)
