"""Small real bundles for tests: keys, artifacts, an image layout, and the command as a person runs it."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tools import fixtures
from tools.local.workspace import REPOSITORY

FAQ = "helpdesk-faq/v2026-02-01"
MODEL = "tsuzumi-7b-instruct/v1"
PROD = str(REPOSITORY / "Pulumi.prod.yaml")
DEV = str(REPOSITORY / "Pulumi.dev.yaml")
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Keys:
    private: Path
    public: Path

    def sign(self) -> list[str]:
        return ["--private-key", str(self.private)]

    def trust(self) -> list[str]:
        return ["--public-key", str(self.public)]


def keys(folder: Path, name: str = "bundle", password: bytes | None = None) -> Keys:
    key = ec.generate_private_key(ec.SECP256R1())
    private, public = folder / f"{name}.key", folder / f"{name}.pub"
    _write_key(private, key, password)
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    public.write_bytes(key.public_key().public_bytes(*form))
    return Keys(private, public)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey, password: bytes | None) -> None:
    hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    path.write_bytes(key.private_bytes(*form, hidden))


def certificates(
    folder: Path, days: tuple[int, int] = (-1, 30), *, signs: bool = True, name: str = "signer"
) -> dict[str, Path]:
    """A root, and a certificate below it for signing: files `root.crt`, `signer.crt` and `signer.key`.

    `days` from now are those of the signer's certificate, `signs` whether it is for signatures, `name` whose it is.
    """
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    above = f"root of {name}"
    root = _certificate(above, root_key, above, root_key, authority=True)
    signer = _certificate(name, key, above, root_key, authority=False, days=days, signs=signs)
    paths = {file: folder / file for file in ("root.crt", "signer.crt", "signer.key")}
    paths["root.crt"].write_bytes(root.public_bytes(serialization.Encoding.PEM))
    paths["signer.crt"].write_bytes(signer.public_bytes(serialization.Encoding.PEM))
    _write_key(paths["signer.key"], key, None)
    return paths


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
    days: tuple[int, int] = (-1000, 1000),
    signs: bool = True,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
    ) | dict.fromkeys(("encipher_only", "decipher_only"), False)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=signs, key_cert_sign=authority, crl_sign=authority, **usage), critical=True
        )
        .sign(issuer_key, hashes.SHA256())
    )


def artifacts(folder: Path) -> Path:
    """The stand-ins of this repository as `--from` wants them."""
    fixtures.write(folder / "artifacts")
    return folder / "artifacts"


def entry(kind: str, ref: str, **more: Any) -> dict[str, Any]:
    name, version = ref.split("/")
    origin = {"from": f"https://models.example.com/{name}", "date": "2026-02-03"}
    licence = "LicenseRef-internal" if kind == "adapter" else "Apache-2.0"  # as the catalog has it
    head = {"kind": kind, "name": name, "version": version, "licence": licence, "origin": origin}
    return head | ({"baseModel": MODEL} if kind == "adapter" else {}) | more


def bring_in(folder: Path, *entries: Mapping[str, Any]) -> Path:
    path = folder / "bring-in.yaml"
    path.write_text(yaml.safe_dump({"artifacts": list(entries)}))
    return path


def image_layout(layout: Path, platforms: tuple[str, ...] = ("amd64", "arm64")) -> str:
    """Write an OCI layout of an image for several platforms with a cosign-like signature; returns its digest."""
    (layout / "blobs" / "sha256").mkdir(parents=True)
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    manifests = []
    for platform in platforms:
        manifest = _image_manifest(layout, f"layer of {platform}".encode())
        manifests.append(manifest | {"platform": {"architecture": platform, "os": "linux"}})
    content = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": manifests}
    image = _blob(layout, json.dumps(content).encode(), _INDEX)
    signature = _image_manifest(layout, b"signature")
    tag = f"{image['digest'].replace(':', '-')}"
    named = [
        image | {"annotations": {"org.opencontainers.image.ref.name": tag}},
        signature | {"annotations": {"org.opencontainers.image.ref.name": f"{tag}.sig"}},
    ]
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": named}))
    return str(image["digest"])


def _image_manifest(layout: Path, layer: bytes) -> dict[str, Any]:
    config = _blob(layout, b'{"rootfs": {"type": "layers"}}', "application/vnd.oci.image.config.v1+json")
    blob = _blob(layout, layer, "application/vnd.oci.image.layer.v1.tar")
    content = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": [blob]}
    return _blob(layout, json.dumps(content).encode(), _MANIFEST)


def _blob(layout: Path, content: bytes, media_type: str) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    (layout / "blobs" / "sha256" / digest).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def image_entry(digest: str, upstream: str = "docker.io/example/tool", **more: Any) -> dict[str, Any]:
    image = {"repository": "example/tool", "digest": digest, "upstream": upstream}
    return entry("image", "tool/1.2.3", image=image, **more)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
