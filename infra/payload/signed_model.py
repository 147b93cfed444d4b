"""The signature of a base model on a volume: who signed it, where a manifest says that somebody must have.

On Python 3.9+ with the package cryptography, for stated signers alone.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from . import signer_keys, verify_signature
from .receiving import SIGNATURE as WHY
from .receiving import FetchError

SIGNERS = "signers"


def sum_of(content: bytes, manifest: dict[str, Any]) -> str:
    """The sha256 sum by which a completion marker names its manifest: over the text without signers and signature.

    What is signed is the same whoever signs: a signature that comes later, or another signer, makes no load read
    everything again, and servers that still ask for none can start.
    """
    if SIGNERS not in manifest and not signature_file(manifest):
        return hashlib.sha256(content).hexdigest()
    rest = {key: value for key, value in manifest.items() if key != SIGNERS} | {"files": signed_files(manifest)}
    return hashlib.sha256((json.dumps(rest, indent=1) + "\n").encode()).hexdigest()


def signers_faults(manifest: Any) -> list[str]:
    """What is wrong with the signers of a manifest that states any, one line each."""
    asked = isinstance(manifest, dict) and SIGNERS in manifest
    return signer_keys.signers_faults(manifest[SIGNERS]) if asked else []


def signature_file(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The manifest's file that is the signature; empty where there is none."""
    return [file for file in manifest["files"] if file["path"] == verify_signature.SIGNATURE]


def signed_files(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The manifest's other files."""
    return [file for file in manifest["files"] if file["path"] != verify_signature.SIGNATURE]


def signed_by(manifest: dict[str, Any], folder: Path) -> str | None:
    """The name of the signer of the manifest's files; None where nobody must have signed them.

    The signature is read from `folder`, the files are not: their sums are the caller's affair. Raise FetchError.
    """
    if SIGNERS not in manifest:
        return None
    try:
        return verify_signature.signed_by(folder, manifest["files"], manifest[SIGNERS])
    except signer_keys.SignatureError as error:
        ref = f"base/{manifest['name']}/{manifest['version']}"
        raise FetchError(f"{ref}/{verify_signature.SIGNATURE}: {error}", why=WHY) from None
