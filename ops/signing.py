"""Signatures in OpenSSF Model Signing's format, made offline with a key in a file."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.faults import Fault, FaultsError

EXAMPLE = "openssl ecparam -name prime256v1 -genkey -noout -out FILE"


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Who signs: an EC key (P-256, P-384 or P-521), and its certificate with the chain above it where there is one."""

    private_key: Path
    password_file: Path | None = None
    certificate: Path | None = None
    chain: tuple[Path, ...] = ()


def sign(
    path: Path, signer: Signer, password: bytes | None, *, source: str, password_places: str, leave: Sequence[str] = ()
) -> bytes:
    """Return the signature over a file or a folder; raise FaultsError for a key or certificate that cannot be used.

    `source` names the command in the message, `password_places` where it takes a key's password from, `leave` what
    stands at the top of the folder and is no part of it.
    """
    from model_signing import hashing, signing  # noqa: PLC0415 (0.4 s, for this command only)

    with tempfile.TemporaryDirectory() as temporary, quiet():
        signature = Path(temporary) / "signature"
        try:
            config = signing.Config()  # type: ignore[no-untyped-call]
            if signer.certificate is None:
                # The library's annotation says str, what it hands on to must be bytes.
                config.use_elliptic_key_signer(private_key=signer.private_key, password=password)  # type: ignore[arg-type]
            else:
                config.use_certificate_signer(
                    private_key=signer.private_key,
                    signing_certificate=signer.certificate,
                    # The library reads no empty chain; what stands in it is not trusted for that.
                    certificate_chain=signer.chain or (signer.certificate,),
                )
            # Nothing is left out that `leave` does not name: the library's own list of Git's files is longer than ours.
            hashed = hashing.Config()  # type: ignore[no-untyped-call]
            config.set_hashing_config(hashed.set_ignored_paths(paths=leave, ignore_git_paths=False))
            config.sign(path, signature)
        except Exception as error:  # noqa: BLE001 - the library raises whatever its parts raise
            raise FaultsError(source, [_key_fault(signer, error, password_places)]) from None
        return signature.read_bytes()


def public_key(signer: Signer, password: bytes | None, *, source: str, password_places: str) -> str:
    """The public half of the signer's key as PEM; raise FaultsError as `sign` does."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 (with the library's other imports)

    try:
        key = serialization.load_pem_private_key(signer.private_key.read_bytes(), password).public_key()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return key.public_bytes(serialization.Encoding.PEM, form).decode()
    except Exception as error:  # noqa: BLE001 - the library raises whatever its parts raise
        raise FaultsError(source, [_key_fault(signer, error, password_places)]) from None


def authority_of(signer: Signer, *, source: str) -> tuple[str, str]:
    """The last certificate of the signer's chain as PEM, and the subject of its own; raise FaultsError."""
    from cryptography import x509  # noqa: PLC0415 (with the library's other imports)
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    path = signer.certificate
    try:
        own = x509.load_pem_x509_certificate(b"" if path is None else path.read_bytes())
        for path in signer.chain:
            last = x509.load_pem_x509_certificates(path.read_bytes())[-1]
        return last.public_bytes(Encoding.PEM).decode(), own.subject.rfc4514_string()
    except (OSError, ValueError) as error:
        rule = error.strerror if isinstance(error, OSError) else None
        fault = Fault(
            path="certificate", value=str(path), rule=rule or "must be certificates in PEM", example="signer.crt"
        )
        raise FaultsError(source, [fault]) from None


def password_of(file: Path, *, source: str) -> bytes:
    """The password in a file, without its last line break; raise FaultsError."""
    try:
        return file.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        rule = f"must be a readable file ({error.strerror})"
        fault = Fault(path="--password-file", value=str(file), rule=rule, example="signer.password")
        raise FaultsError(source, [fault]) from None


def _key_fault(signer: Signer, error: Exception, password_places: str) -> Fault:
    if isinstance(error, OSError):
        return Fault(path="key or certificate", value=error.filename, rule=str(error.strerror), example=EXAMPLE)
    if isinstance(error, TypeError) and signer.certificate is not None:
        rule = "a key with a certificate must have no password of its own: the library cannot ask for one"
    elif isinstance(error, TypeError):
        rule = f"a key with a password needs it in {password_places}; a key without one takes none"
    elif "password" in str(error).lower() or "decrypt" in str(error).lower() or _encrypted(signer.private_key):
        rule = "the password must be that of the key"
    elif "does not match" in str(error):
        rule = "key and certificate must belong together"
    else:
        rule = "must be an EC key in PEM on P-256, P-384 or P-521, certificates in PEM"
    return Fault(path="--private-key", value=str(signer.private_key), rule=rule, example=EXAMPLE)


def _encrypted(key: Path) -> bool:
    """A wrong password makes, once in some hundreds, something of the key that is none: no error speaks of it then."""
    try:
        return b"ENCRYPTED" in key.read_bytes()
    except OSError:
        return False


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """The library prints and logs warnings on the way: what it finds is told by faults alone."""
    logging.getLogger("model_signing").setLevel(logging.CRITICAL)
    with contextlib.redirect_stdout(io.StringIO()):
        yield
