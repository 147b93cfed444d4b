"""One certificate authority a cluster, one server certificate for loopback, one key for service accounts."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tools.cluster.errors import ClusterError
from tools.own_file import OPEN, write

_DAYS = "3650"
_CONFIG = """\
[req]
distinguished_name = name
prompt = no
[name]
CN = kitchen-embedded-cluster
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign, digitalSignature
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = IP:127.0.0.1, DNS:localhost, DNS:kubernetes, DNS:kubernetes.default, DNS:kubernetes.default.svc
"""


def make(folder: Path) -> None:
    """Make ca.crt, ca.key, server.crt, server.key and service-account.key, unless they are there already."""
    if (folder / "service-account.key").exists():
        return
    if shutil.which("openssl") is None:
        raise ClusterError("openssl: not on PATH; rule: the cluster's certificates are made with it")
    config = folder / "openssl.cnf"
    write(config, _CONFIG, OPEN)
    extensions = ("-config", str(config))
    for key in ("ca.key", "server.key"):
        _openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    _openssl(
        folder,
        *("req", "-x509", "-new", "-key", "ca.key", "-sha256", "-days", _DAYS, "-out", "ca.crt"),
        *(*extensions, "-extensions", "authority"),
    )
    _openssl(
        folder, *("req", "-new", "-key", "server.key", "-subj", "/CN=localhost", "-out", "server.csr"), *extensions
    )
    _openssl(
        folder,
        *("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"),
        *("-sha256", "-days", _DAYS, "-out", "server.crt", "-extfile", str(config), "-extensions", "server"),
    )
    # Last and in one rename, because its presence says that all of them are there.
    fresh = folder / "service-account.new"
    _openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", fresh.name)
    fresh.replace(folder / "service-account.key")


def _openssl(folder: Path, *args: str) -> None:
    done = subprocess.run(["openssl", *args], cwd=folder, capture_output=True, text=True, check=False, umask=0o077)
    if done.returncode != 0:
        raise ClusterError(f"openssl {args[0]}: failed: {done.stderr.strip()[-500:]}")
