"""What is counted on a volume from which something goes away meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.payload import version_folders


def test_what_goes_away_while_it_is_counted_ends_no_sidecar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert version_folders.size(tmp_path / "gone") == 0
    assert version_folders.folders(tmp_path / "gone") == []
    (tmp_path / "version" / "adapter").mkdir(parents=True)
    for path in ("version/a", "version/adapter/b"):
        (tmp_path / path).write_bytes(b"12345")
    (tmp_path / "link").symlink_to(tmp_path / "version")
    assert version_folders.folders(tmp_path) == [tmp_path / "version"]
    assert version_folders.size(tmp_path / "version") == 10
    walk = version_folders.os.walk

    def without(folder: Any) -> Any:
        for place, folders, names in walk(folder):
            for name in names:
                Path(place, name).unlink()
            yield place, folders, names

    monkeypatch.setattr(version_folders.os, "walk", without)
    assert version_folders.size(tmp_path / "version") == 0
