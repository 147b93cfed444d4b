"""`make test` fails when any tier fails, and shows what it said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import tiers


@pytest.mark.parametrize(("broken", "status"), [(None, 0), ("unit", 1), ("cluster", 1)])
def test_a_tier_that_fails_fails_the_whole(
    broken: str | None, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for tier in (*tiers.FIRST, tiers.BESIDE):
        (tmp_path / tier).mkdir()
        (tmp_path / tier / f"test_{tier}_sample.py").write_text(
            f"def test_it(): assert {tier != broken}, 'of {tier}'\n"
        )
    monkeypatch.setattr(tiers, "TESTS", tmp_path)
    assert tiers.main() == status
    said = "".join(capfd.readouterr())
    assert ("FAILED" in said) == bool(status)
    assert f"of {broken}" in said or broken is None
    assert "tests: cluster: " in said
