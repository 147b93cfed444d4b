"""Several signatures over one bundle: each by another signer, in a file of its own, over the same `bundle.json`.

The first is `bundle.sig`, the next ones are `bundle.2.sig` to `bundle.4.sig`. None of them covers another one: who
signs second vouches for the manifest, and so for every file, as who signed first does. What is asked for is a number
of different signers; a signature that nobody asks for changes nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.faults import Fault, FaultsError, printable
from infra.payload.signer_keys import fingerprint, read_key
from infra.strict_json import JsonError, parse
from ops.bundle.names import SIGNATURES

_SHOWN_DIGITS = 16


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whose signatures are believed: by each of these public keys one, or any certificates below these.

    `needed` is the number of different signers.
    """

    public_keys: tuple[Path, ...] = ()
    certificates: tuple[Path, ...] = ()
    needed: int = 1

    def only(self, key: Path) -> Trust:
        """One of the keys alone."""
        return Trust(public_keys=(key,))


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A signature that is believed: its file, who made it as people are told, and by what it is another's."""

    file: str
    by: str
    key: str


def signers(
    signatures: Mapping[str, bytes], trust: Trust, look: Callable[[bytes, Trust], Fault | None]
) -> tuple[list[Signed], list[Fault]]:
    """The signatures that are believed, and what is missing of them; `look` says what is wrong with one of them.

    Each public key of `trust` must have signed. With certificates, as many different signers as `trust` says.
    """
    by = _by_keys if trust.public_keys else _by_certificates
    found, faults = by(signatures, trust, look)
    different = min(len({entry.key for entry in found}), len({entry.by for entry in found}))
    if not faults and different < trust.needed:
        rule = f"{trust.needed} different signers must have signed, of those whom you trust; found: {different}"
        shown, example = ", ".join(entry.by for entry in found) or "nobody", "kitchen bundle sign BUNDLE"
        faults = [Fault(path="signatures", value=shown, rule=rule, example=f"{example} --private-key FILE")]
    return found, faults


def _by_keys(
    signatures: Mapping[str, bytes], trust: Trust, look: Callable[[bytes, Trust], Fault | None]
) -> tuple[list[Signed], list[Fault]]:
    found, faults = [], []
    for path in trust.public_keys:
        one = trust.only(path)
        wrong = {name: look(content, one) for name, content in signatures.items()}
        right = next((name for name, fault in wrong.items() if fault is None), None)
        if right is not None:
            key = fingerprint(read_key(path.read_text(encoding="utf-8")))
            found.append(Signed(file=right, by=f"{path.name} (sha256 {key[:_SHOWN_DIGITS]})", key=key))
        elif len(signatures) == 1 and len(trust.public_keys) == 1:
            faults += [fault for fault in wrong.values() if fault is not None]
        else:
            rule = f"each of {', '.join(signatures)} is by another key, or over another bundle.json"
            faults.append(Fault(path="--public-key", value=str(path), rule=rule, example="the key of one who signed"))
    return found, faults


def _by_certificates(
    signatures: Mapping[str, bytes], trust: Trust, look: Callable[[bytes, Trust], Fault | None]
) -> tuple[list[Signed], list[Fault]]:
    found: list[Signed] = []
    faults: list[Fault] = []
    for name, content in signatures.items():
        fault = look(content, trust)
        if fault is None:
            found.append(_by_certificate(name, content))
        else:
            faults.append(Fault(path=name, value=fault.value, rule=fault.rule, example=fault.example))
    return found, [] if found and len(found) >= trust.needed else faults


def _by_certificate(name: str, signature: bytes) -> Signed:
    """Who made a signature that has been checked: by name, and by key."""
    from cryptography import x509  # noqa: PLC0415 (with the library's other imports)

    said = parse(signature)["verificationMaterial"]["x509CertificateChain"]["certificates"][0]["rawBytes"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(said))
    subject = printable(certificate.subject.rfc4514_string())
    return Signed(file=name, by=subject or "a certificate without a name", key=_key(certificate))


def _key(certificate: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    form = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(form).hexdigest()


def free_name(signatures: Mapping[str, bytes], signature: bytes) -> str:
    """The file of one signature more; raise FaultsError where there is none, or where this signer has signed."""
    if (name := of_same_signer(signatures, signature)) is not None:
        rule = "this key has signed already: a second signature is by another signer"
        raise FaultsError("bundle", [Fault(path="--private-key", value=name, rule=rule, example="a key of another")])
    free = next((name for name in SIGNATURES if name not in signatures), None)
    if free is None:
        rule = f"at most {len(SIGNATURES)} signatures"
        fault = Fault(path="BUNDLE", value=list(signatures), rule=rule, example="kitchen bundle verify")
        raise FaultsError("bundle", [fault])
    return free


def of_same_signer(signatures: Mapping[str, bytes], signature: bytes) -> str | None:
    """The file that names the key of a signature as its own too; that it is right is not said by this."""
    own = _who(signature)
    return next((name for name, content in signatures.items() if _who(content) == own), None)


def _who(signature: bytes) -> str:
    """What a signature names its key by: the key's hint, or the certificate; its own sum where it names none."""
    try:
        material = parse(signature)["verificationMaterial"]
        if "publicKey" in material:
            return str(material["publicKey"]["hint"])
        return str(material["x509CertificateChain"]["certificates"][0]["rawBytes"])
    except (JsonError, KeyError, TypeError, IndexError):
        return hashlib.sha256(signature).hexdigest()


def same_key_faults(paths: tuple[Path, ...]) -> list[Fault]:
    """A key that is given twice is one signer; the files have been read before."""
    seen: dict[str, Path] = {}
    faults = []
    for path in paths:
        key = fingerprint(read_key(path.read_text(encoding="utf-8")))
        if (first := seen.setdefault(key, path)) is not path:
            rule = f"is the key of {first} once more: each signer has a key of their own"
            faults.append(Fault(path="--public-key", value=str(path), rule=rule, example="the key of another signer"))
    return faults
