"""Key pairs of tenants, made and used by openssl as the guide says."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Reader:
    """Who alone can read what is encrypted to the certificate."""

    folder: Path
    name: str

    @property
    def certificate(self) -> str:
        return (self.folder / f"{self.name}.pem").read_text()

    @property
    def private_key(self) -> str:
        return (self.folder / f"{self.name}.key").read_text()

    def decrypt(self, cms: bytes) -> bytes:
        argv = ["openssl", "cms", "-decrypt", "-inform", "DER", "-inkey", str(self.folder / f"{self.name}.key")]
        return subprocess.run(argv, input=cms, check=True, capture_output=True).stdout


def reader(folder: Path, name: str, *kind: str) -> Reader:
    """`kind` is what `openssl req -newkey` takes, by default an RSA key of 3072 bits."""
    key, pem = folder / f"{name}.key", folder / f"{name}.pem"
    argv = ["openssl", "req", "-x509", "-newkey", *(kind or ("rsa:3072",)), "-noenc", "-days", "400"]
    argv += ["-subj", f"/CN={name}", "-keyout", str(key), "-out", str(pem)]
    subprocess.run(argv, check=True, capture_output=True)
    return Reader(folder, name)
