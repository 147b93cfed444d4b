"""The Keycloak of the tests: an archive with another sum is not unpacked, and nothing half-installed is left."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from tools import keycloak
from tools.local.workspace import REPOSITORY

MVN = """#!/bin/sh
for word in "$@"; do case "$word" in -DoutputDirectory=*) folder="${word#*=}" ;; esac; done
cp "$ARCHIVE" "$folder/keycloak-quarkus-dist-26.7.3.zip"
"""


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Puts a Maven on the PATH that fetches a small archive, and a java; returns the archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        made.writestr("keycloak-26.7.3/bin/kc.sh", 'echo "$@" > "$(dirname "$0")/built"\n')
    (tmp_path / "archive.zip").write_bytes(content.getvalue())
    monkeypatch.setenv("ARCHIVE", str(tmp_path / "archive.zip"))
    (tmp_path / "tools").mkdir()
    for name, text in (("mvn", MVN), ("java", "#!/bin/sh\n")):
        (tmp_path / "tools" / name).write_text(text)
        (tmp_path / "tools" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools'}:/usr/bin:/bin")
    return content.getvalue()


def test_another_sum_is_refused(archive: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "cache" / "keycloak"
    assert keycloak.main([str(place)]) == 1
    assert f"keycloak-quarkus-dist-26.7.3.zip: sha256 {hashlib.sha256(archive).hexdigest()}" in capsys.readouterr().err
    assert list(place.parent.iterdir()) == []


def test_the_right_one_is_built_and_put_in_place(
    archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keycloak, "SHA256", hashlib.sha256(archive).hexdigest())
    place = tmp_path / "cache" / "keycloak"
    assert keycloak.main([str(place)]) == 0
    assert (place / "bin" / "built").read_text() == "build --db=dev-mem --health-enabled=true\n"
    assert list(place.parent.iterdir()) == [place]


def test_without_maven_it_says_so(
    archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tools" / "mvn").unlink()
    monkeypatch.setenv("PATH", str(tmp_path / "tools"))
    assert keycloak.main([str(tmp_path / "cache" / "keycloak")]) == 1
    assert capsys.readouterr().err.startswith("keycloak: mvn: not on PATH; rule: ")


def test_the_makefile_names_this_version() -> None:
    text = (REPOSITORY / "Makefile").read_text()
    assert f"keycloak-{keycloak.VERSION}\n" in text
