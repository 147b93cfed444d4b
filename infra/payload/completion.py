"""The completion marker of a base model on a volume: what it says, and whether it holds.

On Python 3.9+ with nothing else, and with the package cryptography where a manifest names signers.
"""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

from . import local_files, signed_model

MARKER = ".kitchen-complete.json"


def not_complete(folder: Path, manifest: dict[str, Any], sha256: str) -> str | None:
    """Why the folder does not hold the manifest's base model; None when marker and sizes are right."""
    try:
        found = json.loads((folder / MARKER).read_bytes())
    except FileNotFoundError:
        return "not loaded yet: no completion marker"
    except (OSError, ValueError) as error:
        return f"its completion marker cannot be read ({type(error).__name__})"
    if not isinstance(found, dict) or found.get("manifestSha256") != sha256:
        return f"its completion marker is of another manifest; expected {sha256}"
    for file in manifest["files"]:
        try:
            status = (folder / file["path"]).lstat()
        except OSError:
            return f"{file['path']}: missing"
        if not stat.S_ISREG(status.st_mode) or status.st_size != file["sizeBytes"]:
            return f"{file['path']}: {status.st_size} bytes; expected a file of {file['sizeBytes']} bytes"
    return None


def mark(folder: Path, marker: dict[str, Any], signer: str | None, turn: Any) -> None:
    """Write the marker, with the signer's name where the manifest asks for one."""
    said = {key: value for key, value in marker.items() if key != "signedBy"}
    turn.write(folder / MARKER, json.dumps(said if signer is None else {**said, "signedBy": signer}) + "\n")
    local_files.sync(folder)


def tell(manifest: dict[str, Any], folder: Path, turn: Any) -> None:
    """Tell that all is loaded; where other signers are stated than then, the marker names the new one.

    Raise FetchError where none of them signed: the marker stays, for servers that ask for others still run.
    """
    signer = signed_model.signed_by(manifest, folder)
    marker = json.loads((folder / MARKER).read_bytes())
    if marker.get("signedBy") != signer:
        mark(folder, marker, signer, turn)
    print(f"base/{manifest['name']}/{manifest['version']}: already there, sizes are right{by(signer)}", flush=True)


def by(signer: str | None) -> str:
    """The end of a line that says who signed."""
    return f", signed by {signer}" if signer else ""
