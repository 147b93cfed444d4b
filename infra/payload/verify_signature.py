"""Check that one of the stated signers has signed exactly the files of an adapter or a base model.

Runs in pods and in the command `kitchen`, on Python 3.9+ with the package cryptography alone, which is asked for only
where signers are stated. The signature is OpenSSF Model Signing's: a Sigstore bundle 0.3 with a public key's hint or
with certificates, in it a DSSE envelope, in it an in-toto statement that names every file with its sha256 sum. What is
not of exactly this form is refused: nothing is accepted here that the library model-signing refuses.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import posixpath
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from .signer_keys import CURVES, MAX_CERTIFICATES, SignatureError, named, of_chain, of_hint

SIGNATURE = "model.sig"
MAX_BYTES = 1024 * 1024

_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_PAYLOAD = "application/vnd.in-toto+json"
_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "https://model_signing/signature/v1.0"
_NAME = r"(?!\.{1,2}(?:/|\Z))[^\x00-\x1f\x7f/\\*?\[\]]+"
_IGNORED = re.compile(f"{_NAME}(/{_NAME})*")


def refusal(folder: Path, files: Sequence[Mapping[str, Any]], signers: Sequence[Mapping[str, str]]) -> str | None:
    """Why the signature in `folder` does not say that a signer signed a manifest's `files`; None if it does."""
    try:
        signed_by(folder, files, signers)
    except SignatureError as error:
        return f"{SIGNATURE}: {error}"
    return None


def signed_by(folder: Path, files: Sequence[Mapping[str, Any]], signers: Sequence[Mapping[str, str]]) -> str:
    """The name of the signer of a manifest's `files` by the signature in `folder`; raise SignatureError.

    The files themselves are not read: their sums are the caller's affair. No link is followed.
    """
    sums = {file["path"]: file["sha256"] for file in files}
    if SIGNATURE not in sums:
        raise SignatureError(f"not among its files; expected a signature by {named(signers)}")
    try:
        with os.fdopen(os.open(folder / SIGNATURE, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SignatureError(f"cannot be read: {error.strerror}") from None
    return check(content, sums, signers)


def check(content: bytes, sums: Mapping[str, str], signers: Sequence[Mapping[str, str]], *, fresh: bool = False) -> str:
    """Return the name of the signer who signed the files of `sums` (sha256 by path, the signature's own left out).

    `fresh`: the certificate of a signature must hold today, as it must where a signature comes in. Raise
    SignatureError.
    """
    if len(content) > MAX_BYTES:
        raise SignatureError(f"has more than {MAX_BYTES} bytes")
    material, payload, signature = _envelope(_parse(content, SIGNATURE))
    if isinstance(material, str):
        name, key = of_hint(material, signers)
    else:
        name, key = of_chain(material, signers, fresh=fresh)
    _verify(key, payload, signature)
    _refuse_other_files(_parse(payload, "payload"), {path: sums[path] for path in sums if path != SIGNATURE})
    return name


def _parse(content: bytes, where: str) -> Any:
    """Strict JSON; a signature over whole files has no numbers at all."""

    def refuse(_text: str) -> NoReturn:
        raise SignatureError(f"{where}: holds a number, which no signature over whole files does")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise SignatureError(f"{where}: a key stands twice")
        return dict(pairs)

    try:
        text = content.decode("utf-8")
        return json.loads(text, object_pairs_hook=unique, parse_int=refuse, parse_float=refuse, parse_constant=refuse)
    except SignatureError:
        raise
    except (ValueError, RecursionError):
        raise SignatureError(f"{where}: is not JSON") from None


def _envelope(bundle: Any) -> tuple[str | list[bytes], bytes, bytes]:
    """What says who signed (a key's hint, or certificates), the signed payload and the signature of a bundle."""
    outer = _keys(bundle, "bundle", ("mediaType", "verificationMaterial", "dsseEnvelope"))
    _expect("mediaType", outer["mediaType"], _BUNDLE)
    inner = _keys(outer["dsseEnvelope"], "dsseEnvelope", ("payload", "payloadType", "signatures"))
    _expect("payloadType", inner["payloadType"], _PAYLOAD)
    if not isinstance(inner["signatures"], list) or len(inner["signatures"]) != 1:
        raise SignatureError("signatures: must be one signature")
    signature = _keys(inner["signatures"][0], "signatures[0]", ("sig",), ("keyid",))
    if not isinstance(signature.get("keyid", ""), str):
        raise SignatureError("hint and keyid: must be texts")
    material = _material(outer["verificationMaterial"])
    return material, _decoded("payload", inner["payload"]), _decoded("sig", signature["sig"])


def _material(found: Any) -> str | list[bytes]:
    kind = "x509CertificateChain" if isinstance(found, dict) and "x509CertificateChain" in found else "publicKey"
    material = _keys(found, "verificationMaterial", (kind,), ("tlogEntries",))
    if material.get("tlogEntries", []) != []:
        raise SignatureError("tlogEntries: must be empty: keys and certificates need no log")
    if kind == "publicKey":
        hint = _keys(material[kind], kind, ("hint",))["hint"]
        if not isinstance(hint, str):
            raise SignatureError("hint and keyid: must be texts")
        return hint
    chain = _keys(material[kind], kind, ("certificates",))["certificates"]
    if not isinstance(chain, list) or not 0 < len(chain) <= MAX_CERTIFICATES:
        raise SignatureError(f"certificates: must be 1 to {MAX_CERTIFICATES}")
    return [_decoded("rawBytes", _keys(one, "certificates", ("rawBytes",))["rawBytes"]) for one in chain]


def _keys(value: Any, where: str, needed: tuple[str, ...], allowed: tuple[str, ...] = ()) -> dict[str, Any]:
    if not isinstance(value, dict) or not set(needed) <= set(value) <= {*needed, *allowed}:
        raise SignatureError(f"{where}: must be an object of {', '.join((*needed, *allowed))}")
    return value


def _expect(where: str, found: object, expected: str) -> None:
    if found != expected:
        shown = found[:80] if isinstance(found, str) else type(found).__name__
        raise SignatureError(f"{where}: {shown!a}; expected {expected}")


def _decoded(where: str, text: object) -> bytes:
    try:
        return base64.b64decode(text if isinstance(text, str) else "?", validate=True)
    except ValueError:
        raise SignatureError(f"{where}: is not base64") from None


def _verify(key: Any, payload: bytes, signature: bytes) -> None:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    # DSSE's pre-authentication encoding: what is signed says its own type and length.
    message = b"DSSEv1 %d %s %d %s" % (len(_PAYLOAD), _PAYLOAD.encode(), len(payload), payload)
    try:
        key.verify(signature, message, ec.ECDSA(getattr(hashes, CURVES[key.curve.name][1])()))
    except InvalidSignature:
        raise SignatureError("the signature is not of this key over this payload: one of them was changed") from None


def _refuse_other_files(statement: Any, sums: Mapping[str, str]) -> None:
    """The statement must be about exactly the files, by sha256: none more, none less, none twice."""
    if not isinstance(statement, dict):
        raise SignatureError("payload: must be a statement")
    _expect("_type", statement.get("_type"), _STATEMENT)
    _expect("predicateType", statement.get("predicateType"), _PREDICATE)
    predicate = statement.get("predicate")
    if not isinstance(predicate, dict):
        raise SignatureError("predicate: must be an object")
    _refuse_other_serialization(predicate.get("serialization"), sums)
    signed = _resources(predicate.get("resources"))
    for path in sorted(sums.keys() - signed.keys()):
        raise SignatureError(f"does not cover {path}")
    for path in sorted(signed.keys() - sums.keys()):
        raise SignatureError(f"covers {path[:80]!a}, which is not among the files")
    for path in sorted(sums):
        if signed[path] != sums[path]:
            raise SignatureError(f"signed for another {path}: sha256 {signed[path][:64]!a}; expected {sums[path]}")
    _refuse_other_subject(statement.get("subject"), signed)


def _refuse_other_serialization(found: Any, sums: Mapping[str, str]) -> None:
    if not isinstance(found, dict):
        raise SignatureError("serialization: must be an object")
    method, sums_of = found.get("method"), found.get("hash_type")
    if (method, sums_of) != ("files", "sha256"):
        shown = " by ".join(ascii(word)[:40] for word in (method, sums_of))
        raise SignatureError(f"serialization: must be of whole files by sha256; this is {shown}")
    ignored = found.get("ignore_paths", [])
    plain = isinstance(ignored, list) and all(isinstance(path, str) and _IGNORED.fullmatch(path) for path in ignored)
    if not plain or any(_and_above(path) & set(ignored) for path in sums):
        raise SignatureError("ignore_paths: must be plain names, and none of the files")
    if not isinstance(found.get("allow_symlinks"), bool):
        raise SignatureError("allow_symlinks: must be true or false")


def _and_above(path: str) -> set[str]:
    """A path and the folders that hold it."""
    return {path} if "/" not in path else {path} | _and_above(posixpath.dirname(path))


def _resources(found: Any) -> dict[str, str]:
    if not isinstance(found, list) or not found:
        raise SignatureError("covers no file at all")
    signed: dict[str, str] = {}
    for resource in found:
        name, algorithm, digest = (
            resource.get(key) if isinstance(resource, dict) else None for key in ("name", "algorithm", "digest")
        )
        if not isinstance(name, str) or not isinstance(digest, str):
            raise SignatureError("resources: each must have name, algorithm and digest")
        _expect(f"algorithm of {name[:80]!a}", algorithm, "sha256")
        if name in signed:
            raise SignatureError(f"covers {name[:80]!a} twice")
        signed[name] = digest
    return signed


def _refuse_other_subject(found: Any, signed: Mapping[str, str]) -> None:
    """The subject's sum is over those of the files, in the order of the resources."""
    root = hashlib.sha256(b"".join(bytes.fromhex(digest) for digest in signed.values())).hexdigest()
    subject = found[0] if isinstance(found, list) and len(found) == 1 and isinstance(found[0], dict) else {}
    if not isinstance(subject.get("name"), str) or subject.get("digest") != {"sha256": root}:
        raise SignatureError("subject: must be one, with the sum over those of the files")
