"""`python -m tools.keycloak FOLDER`: install the Keycloak of the tests from Maven Central, whole or not at all."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tools.command import exit_status
from tools.progress import step

VERSION = "26.7.3"
SHA256 = "27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
BUILD = ("--db=dev-mem", "--health-enabled=true")
"""What is decided when Keycloak is built, and not at its start."""


class KeycloakError(Exception):
    """One clear message for the user."""


def main(argv: list[str] | None = None) -> int:
    """Install into a folder that is not there yet; every failure is one message and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m tools.keycloak", description=__doc__)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args(argv)
    return exit_status(
        lambda: install(arguments.folder.absolute()),
        prefix="keycloak",
        errors=(KeycloakError,),
        interrupted="keycloak: interrupted; nothing half-installed is left",
    )


def install(folder: Path) -> int:
    """Fetch, compare with the sum, unpack and build; raise KeycloakError."""
    for tool in ("mvn", "java"):
        if shutil.which(tool) is None:
            raise KeycloakError(f"{tool}: not on PATH; rule: Keycloak comes by Maven and runs on Java 17 or newer")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".keycloak-", dir=folder.parent) as scratch:
        place = Path(scratch)
        with step(f"keycloak {VERSION}: fetching 177 MB", f"keycloak {VERSION}: fetched"):
            artifact = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
            _run(["mvn", "--quiet", "--batch-mode", COPY, f"-Dartifact={artifact}", f"-DoutputDirectory={place}"])
        archive = place / f"keycloak-quarkus-dist-{VERSION}.zip"
        with archive.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != SHA256:
            raise KeycloakError(f"{archive.name}: sha256 {found}; rule: must be {SHA256}")
        with zipfile.ZipFile(archive) as content:
            content.extractall(place)
        made = place / f"keycloak-{VERSION}"
        with step(f"keycloak {VERSION}: building", f"keycloak {VERSION}: built"):
            _run(["bash", str(made / "bin" / "kc.sh"), "build", *BUILD])
        made.rename(folder)
    return 0


def _run(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stdout + done.stderr).strip()[-800:]
        raise KeycloakError(f"{' '.join(words[:2])}: ended with status {done.returncode}\n{last}")


if __name__ == "__main__":
    sys.exit(main())
