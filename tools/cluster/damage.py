"""What is wrong with the files of an embedded cluster: looked at before anything is started or changed."""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.cluster.access import KUBECONFIG
from tools.cluster.components import START_ORDER
from tools.cluster.layout import FOLDERS, USERS, Layout, State
from tools.cluster.processes import alive
from tools.damaged_error import DamagedError
from tools.own_file import content, damage, folder_damage, is_there, read_yaml, text

PAIRS: Mapping[str, str] = {"ca.crt": "ca.key", "server.crt": "server.key"}
LAST_KEY = "service-account.key"
"""Made last: where it is, all of them are."""

_BLOCK = re.compile(rb"-----BEGIN ([A-Z ]+)-----\s([^-]+)-----END \1-----")


def damages(layout: Layout) -> list[DamagedError]:
    """Every damaged file of the cluster, none where no cluster is; nothing is changed."""
    if not is_there(layout.root):
        return []
    if found := folder_damage(layout.root):
        return found
    return list(_all(layout))


def _all(layout: Layout) -> Iterator[DamagedError]:
    if not is_there(layout.marker) and layout.is_ours():
        yield DamagedError(layout.marker, "is gone, and the cluster's other files are there")
    yield from damage(lambda _: layout.read_state(), layout.marker)
    yield from damage(lambda _: layout.read_credentials(), layout.credentials)
    yield from _folders(layout)
    for path in (layout.root / "config" / "tokens.csv", layout.root / "config" / "audit-policy.yaml"):
        yield from damage(text, path)
    yield from _kubeconfigs(layout)
    yield from _certificates(layout.pki)


def _folders(layout: Layout) -> Iterator[DamagedError]:
    for name in FOLDERS:
        yield from folder_damage(layout.root / name)
    for name in START_ORDER:
        yield from folder_damage(layout.data(name))
    logs = [layout.log(name) for name in (*START_ORDER, "audit", "guard")]
    for path in (layout.lock, layout.data("installed-crds"), *logs):
        if path.is_dir():
            yield DamagedError(path, "is a folder, and must be a file")


def _kubeconfigs(layout: Layout) -> Iterator[DamagedError]:
    try:
        state = layout.read_state()
    except (DamagedError, FileNotFoundError):
        state = State()
    runs = state.ready and all(alive(identity) for identity in state.processes.values())
    for user in USERS:
        path = layout.kubeconfig_of(user)
        yield from damage(lambda path: read_yaml(path, KUBECONFIG), path)
        if runs and not is_there(path):
            yield DamagedError(path, "is gone, and the cluster runs with it")


def _certificates(pki: Path) -> Iterator[DamagedError]:
    names = (LAST_KEY, *PAIRS, *PAIRS.values())
    if not is_there(pki / LAST_KEY):  # the start makes all of them anew
        for name in names:
            if (pki / name).is_dir():
                yield DamagedError(pki / name, "is a folder, and must be a file")
        return
    yield from damage(_pem, pki / LAST_KEY)
    for names in PAIRS.items():
        missing = [DamagedError(pki / name, "is gone, and the cluster's other keys are there")
                   for name in names if not is_there(pki / name)]  # fmt: skip
        found = missing + [entry for name in names for entry in damage(_pem, pki / name)]
        yield from found or _mismatch(*(pki / name for name in names))


def _pem(path: Path) -> None:
    blocks = [found[2] for found in _BLOCK.finditer(content(path))]
    if not blocks:
        raise DamagedError(path, "is cut off or no PEM file")
    try:
        for block in blocks:
            base64.b64decode(b"".join(block.split()), validate=True)
    except ValueError:
        raise DamagedError(path, "is no PEM file: its content is not base64") from None


def _mismatch(certificate: Path, key: Path) -> Iterator[DamagedError]:
    """Let OpenSSL read both; a password that it would ask for on the terminal is refused."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError, OSError):
        yield DamagedError(certificate, f"cannot be read as a certificate with its key {key.name}")
