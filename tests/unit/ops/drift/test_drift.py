"""`kitchen drift` counts what a preview says, and writes nothing for what is none."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main
from tests.unit.support.exposition import samples

CHANGES, CHECKED = "kitchen_drift_changes", "kitchen_drift_checked_timestamp_seconds"


def run(folder: Path, preview: Any, *words: str) -> int:
    """The command's exit code; numbers go to kitchen.prom."""
    (folder / "preview.json").write_text(preview if isinstance(preview, str) else json.dumps(preview))
    metrics = ("--metrics", str(folder / "kitchen.prom"))
    return main(["drift", str(folder / "preview.json"), "--environment", "prod", *metrics, *words])


def test_changes_are_counted_by_operation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = time.time()
    assert run(tmp_path, {"steps": [], "changeSummary": {"same": 70, "update": 2, "delete": 1, "refresh": 3}}) == 1
    assert capsys.readouterr().out == "prod: 2 update, 1 delete, 3 other\n"
    found = samples(tmp_path / "kitchen.prom")
    assert found.pop((CHECKED, "prod")) >= before
    assert found == {
        (CHANGES, "prod", operation): number
        for operation, number in (("create", 0), ("update", 2), ("replace", 0), ("delete", 1), ("other", 3))
    }


def test_no_changes_are_numbers_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, {"changeSummary": {"same": 70}}) == 0
    assert capsys.readouterr().out == "prod: no changes\n"
    assert sum(value for key, value in samples(tmp_path / "kitchen.prom").items() if key[0] == CHANGES) == 0


@pytest.mark.parametrize(
    "preview",
    [
        *("", "{", "[]", {}, {"steps": []}, {"changeSummary": None}, {"changeSummary": {"update": "2"}}),
        *({"changeSummary": {"same": 3, "update": count}} for count in (-3, 10**400, True, 2.5)),
        {"changeSummary": {"same": 3}, "diagnostics": [{"severity": "error", "message": "a rule"}]},
    ],
)
def test_what_is_no_whole_preview_leaves_the_numbers_as_they_are(
    tmp_path: Path, preview: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "kitchen.prom").write_text("old")
    assert run(tmp_path, preview) == 2
    assert 'preview: "(not shown)"' in capsys.readouterr().err
    assert (tmp_path / "kitchen.prom").read_text() == "old"


def test_a_preview_from_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"changeSummary": {"create": 1}}')))
    assert main(["drift", "-", "--environment", "dev"]) == 1


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "preview.json").write_text('{"changeSummary": {}}')
    words = ["drift", str(tmp_path / "preview.json"), "--environment", "prod"]
    assert main([*words, "--metrics", str(tmp_path / "nowhere" / "kitchen.prom")]) == 2
    assert "must be a file that can be written: No such file or directory" in capsys.readouterr().err
