"""A kitchen's folder as `make up` leaves it, without a process: every file of its own is there and whole."""

from __future__ import annotations

import atexit
import json
import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from tools.cluster import access, certificates
from tools.cluster.components import START_ORDER, write_files
from tools.cluster.layout import Layout, State
from tools.local.offline import STACKS, offline_workspace
from tools.local.up import LocalKitchen
from tools.local.workspace import Workspace
from tools.own_file import remove

PASSPHRASE = "kitchen-test-passphrase-of-43-characters-ab"
SALT = "v1:xQmXUOJvWac=:v1:6Uv8DO1oKrVtP8z4:tx6oVP0uduEQUxJ6rgOKwtTk+yqc/Q=="
"""What the engine made of that passphrase."""
MAGIC = "ab35920a3077459b09dd1a3f7ddc28df4e3efc81b3240013bb6906688abc684d"
STACK_URN = "urn:pulumi:dev::kitchen::pulumi:pulumi:Stack::kitchen-dev"
BUCKET_URN = "urn:pulumi:dev::kitchen::kitchen:object_store:Bucket::lora"

STATE = "local/state/.pulumi/stacks/kitchen/dev.json"
LOCKS = "local/state/.pulumi/locks/organization/kitchen/dev"
BACKUPS = "local/state/.pulumi/backups/kitchen/dev"
PORTS = {"api": 20001, "minio": 20002}


def state(when: str = "2026-11-28T23:00:00Z", salt: str = SALT) -> str:
    """A state with two resources, as the engine writes it."""
    latest = {
        "manifest": {"time": when, "magic": MAGIC, "version": "v3.259.0"},
        "secrets_providers": {"type": "passphrase", "state": {"salt": salt}},
        "resources": [
            {"urn": STACK_URN, "custom": False, "type": "pulumi:pulumi:Stack"},
            {"urn": BUCKET_URN, "custom": False, "type": "kitchen:object_store:Bucket", "parent": STACK_URN},
        ],
        "metadata": {},
    }
    return json.dumps({"version": 3, "checkpoint": {"stack": "organization/kitchen/dev", "latest": latest}})


def whole_kitchen(folder: Path) -> LocalKitchen:
    """Lay it out at `folder`, which is not there yet."""
    shutil.copytree(_made(), folder)
    return LocalKitchen(folder)


@cache
def _made() -> Path:
    """One for all tests of a process: its certificates alone take a tenth of a second. No file names its place."""
    folder = Path(mkdtemp(prefix="kitchen-")) / "kitchen"
    atexit.register(shutil.rmtree, folder.parent)
    kitchen = LocalKitchen(folder)
    _local(kitchen.workspace)
    _cluster(Layout(kitchen.cluster.directory))
    for stack in STACKS:
        workspace = offline_workspace(stack, folder / "offline")
        _local(workspace)
    assert kitchen.damages(deep=True) == []
    return folder


def _local(workspace: Workspace) -> None:
    workspace.state_file.parent.mkdir(parents=True, exist_ok=True)
    workspace.lock_folder.mkdir(parents=True)
    workspace.passphrase.write_text(PASSPHRASE)
    settings = f"config:\n  kitchen:environment: {workspace.stack}\nencryptionsalt: {SALT}\n"
    workspace.config_file.write_text(settings)
    workspace.project_file.write_text("name: kitchen\nruntime: python\n")
    (workspace.state / ".pulumi" / "meta.yaml").write_text("version: 1\n")
    workspace.state_file.write_text(state())
    workspace.backup.write_text(state("2026-11-28T22:59:00Z"))
    backups = workspace.state / ".pulumi" / "backups" / "kitchen" / workspace.stack
    backups.mkdir(parents=True)
    for nanoseconds, when in ((1, "2026-11-28T20:00:00Z"), (2, "2026-11-28T21:00:00Z")):
        (backups / f"{workspace.stack}.{nanoseconds}.json").write_text(state(when))


def _cluster(layout: Layout) -> None:
    with layout.locked():
        layout.prepare()
        layout.save(State(ports=PORTS))
        certificates.make(layout.pki)
        access.write(layout, layout.load_credentials(), PORTS["api"])
        for name in START_ORDER:
            layout.data(name).mkdir()
        write_files(layout)


def _newer(key: str) -> Callable[[bytes], bytes]:
    return lambda before: json.dumps(json.loads(before) | {key: 9}).encode()


HARM: dict[str, Callable[[bytes], bytes] | str] = {
    "empty": lambda before: b"",
    "blank": lambda before: b" \n",
    "half": lambda before: before[: len(before) // 2],
    "object": lambda before: b"{}",
    "list": lambda before: b"[]",
    "null": lambda before: b"null",
    "binary": lambda before: b"\xff\xfe\x00",
    "deep": lambda before: b"[" * 100_000,
    "folder": "folder",
    "pipe": "pipe",
    "link to nothing": "link",
}
"""What can have happened to any file."""

ANY = tuple(HARM)
READ_BY_OTHERS = ("empty", "binary", "folder", "pipe", "link to nothing")
"""Of files that are written anew before anything reads them, only what stands in the way matters."""

FILES: dict[str, tuple[str, ...]] = {
    STATE: ANY,
    f"{STATE}.bak": ANY,
    "local/state/.pulumi/meta.yaml": ANY,
    "local/Pulumi.dev.yaml": tuple(name for name in ANY if name not in ("half", "object")),
    "local/Pulumi.yaml": ANY,
    "local/passphrase": ANY,
    "cluster/kitchen-cluster.json": ANY,
    "cluster/credentials.json": ANY,
    "cluster/kubeconfigs/admin.yaml": ANY,
    "cluster/kubeconfigs/kserve.yaml": ANY,
    "cluster/pki/ca.crt": ANY,
    "cluster/pki/ca.key": ANY,
    "cluster/pki/server.crt": ANY,
    "cluster/pki/server.key": ANY,
    "cluster/pki/service-account.key": ANY,
    "cluster/config/tokens.csv": READ_BY_OTHERS,
    "cluster/config/audit-policy.yaml": READ_BY_OTHERS,
}
"""Every file of the kitchen, and the harm that makes it useless."""

NEWER = {
    STATE: lambda before: before.replace(b'"version": 3', b'"version": 5'),
    "local/state/.pulumi/meta.yaml": lambda before: b"version: 2\n",
    "cluster/kitchen-cluster.json": _newer("zones"),
    "cluster/credentials.json": _newer("minio_tenant"),
    "local/Pulumi.yaml": lambda before: before + b"stackConfigDir: x\n",
}
"""Files as a newer release may write them."""

CASES = [(path, name) for path, names in FILES.items() for name in names]


def harm(path: Path, name: str) -> None:
    """Do one of the things in HARM to a file."""
    done = HARM[name]
    if callable(done):
        path.write_bytes(done(path.read_bytes()))
        return
    remove(path)
    if done == "folder":
        path.mkdir()
        (path / "inside").write_text("x")
    elif done == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("nowhere")


def tree(folder: Path) -> dict[str, bytes | str]:
    """Every file of a folder with its content, but for who works there."""
    found: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name in ("work.lock", "work.json"):
            continue
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_file():
            found[name] = path.read_bytes()
        else:
            found[name] = "folder" if path.is_dir() else "pipe"
    return found
