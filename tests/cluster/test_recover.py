"""Damaged files of a running kitchen: `make up` says so, `make recover` gets out of it, nothing is doubled or lost."""

from __future__ import annotations

import base64
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from infra.catalog import load_catalog
from ops.store import client
from tests.cluster.support.environments import KINDS, OURS, make, objects, recorded, start, summary
from tests.cluster.support.kubectl import Kubectl, eventually
from tests.cluster.support.shared_kitchen import SharedKitchen
from tests.support.signals import stopped
from tools.cluster.components import START_ORDER
from tools.cluster.processes import strays
from tools.local.orphans import engines
from tools.local.up import LocalKitchen

NAMESPACE, READER = "helpdesk-dev", "support-lora-reader"
FAQ = "helpdesk-faq/v2026-02-01"


@pytest.fixture(scope="module")
def kitchen(shared_kitchen: SharedKitchen) -> Iterator[LocalKitchen]:
    """No module after this one needs it: tests/support/order.py."""
    yield shared_kitchen.up()
    shared_kitchen.down()


def refused(kitchen: LocalKitchen, *paths: Path) -> None:
    """What `make up` says of damaged files: one line each, and nothing else has happened."""
    up = start("up", kitchen.folder)
    text, _ = up.communicate(timeout=300)
    lines = [line.removeprefix("error: ") for line in text.splitlines() if not line.startswith("make: ")]
    assert up.returncode != 0
    assert sorted(line.partition(": ")[0] for line in lines) == sorted(map(str, paths)), text
    assert all("make recover" in line and "nothing was changed" in line for line in lines), text


def identities(kitchen: LocalKitchen) -> dict[tuple[str, str, str], str]:
    """The uid of every object of the kitchen: one that was made anew has another."""
    items = Kubectl(kitchen.cluster.kubeconfig).get(KINDS, *OURS)["items"]
    return {
        (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]): item["metadata"]["uid"]
        for item in items
    }


def key(kitchen: LocalKitchen) -> dict[str, str]:
    """The kitchen's own key to its adapters, as its pods have it."""
    data = Kubectl(kitchen.cluster.kubeconfig).get("-n", NAMESPACE, "secret", READER)["data"]
    names = {"ACCESS_KEY": "AWS_ACCESS_KEY_ID", "SECRET_KEY": "AWS_SECRET_ACCESS_KEY"}
    return {f"KITCHEN_OBJECT_STORE_{name}": base64.b64decode(data[key]).decode() for name, key in names.items()}


def is_whole(kitchen: LocalKitchen, before: dict[tuple[str, str, str], str]) -> None:
    """Converged: the objects from before, each recorded once, the store's users work, and nothing is left to do."""
    assert identities(kitchen) == before, "an object was made anew, doubled or lost"
    state = recorded(kitchen)
    assert not state.get("pending_operations")
    assert set(Counter(entry["urn"] for entry in state["resources"]).values()) == {1}
    inputs = [entry["inputs"] for entry in state["resources"] if entry["type"].startswith("kubernetes:")]
    told = {(each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]) for each in inputs}
    assert told == objects(Kubectl(kitchen.cluster.kubeconfig))
    reader = client(kitchen.cluster.minio_endpoint, "us-east-1", key(kitchen))
    for file in load_catalog().adapters[FAQ].files:
        answer = reader.get_object(Bucket="dev-lora", Key=f"{FAQ}/{file.path}")
        assert len(answer["Body"].read()) == file.size_bytes
    assert not kitchen.workspace.was_restored(), "the next `make up` would compare the state once more"
    again = make("preview", kitchen.folder)
    assert set(summary(again)) == {"unchanged"}, again


def lose_the_passphrase(kitchen: LocalKitchen) -> list[Path]:
    kitchen.workspace.passphrase.unlink()
    return [kitchen.workspace.passphrase]


def cut_everything_but_the_data(kitchen: LocalKitchen) -> list[Path]:
    """State and backup, secrets, ports and processes, a kubeconfig and the certificates of the cluster."""
    workspace, root = kitchen.workspace, kitchen.cluster.directory
    files = [
        workspace.state_file,
        workspace.backup,
        workspace.state / ".pulumi" / "meta.yaml",
        root / "kitchen-cluster.json",
        root / "credentials.json",
        root / "kubeconfigs" / "admin.yaml",
        root / "pki" / "server.crt",
    ]
    for path in files:
        path.write_bytes(path.read_bytes()[: 4 if path.suffix == ".yaml" else 400])
    (root / "credentials.json").write_bytes(b"")
    return files


HARMS = [pytest.param(lose_the_passphrase, marks=pytest.mark.long), cut_everything_but_the_data]


@pytest.mark.parametrize("harm", HARMS)
def test_recover_and_up_converge(harm: Callable[[LocalKitchen], list[Path]], kitchen: LocalKitchen) -> None:
    before, old = identities(kitchen), key(kitchen)
    endpoint = kitchen.cluster.minio_endpoint
    files = harm(kitchen)
    refused(kitchen, *files)
    said = make("recover", kitchen.folder)
    rows = {line.split()[0] for line in said.splitlines() if line.split() and "/" in line.split()[0]}
    assert {path.relative_to(kitchen.folder).as_posix() for path in files} <= rows, said
    again = make("recover", kitchen.folder)
    assert again.strip() == "recover: no file is damaged; nothing was changed"
    up = make("up", kitchen.folder)
    is_whole(kitchen, before)
    if harm is lose_the_passphrase:
        assert key(kitchen) != old
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            client(endpoint, "us-east-1", old).get_object(Bucket="dev-lora", Key=f"{FAQ}/adapter_config.json")
    else:
        assert "the state is compared with what is there" in up
        assert key(kitchen) == old, "the state's copy held the keys"


def test_the_second_of_two_ups_is_told_who_works(kitchen: LocalKitchen) -> None:
    before = kitchen.work.last()
    first = start("up", kitchen.folder)
    eventually(lambda: kitchen.work.last() != before, "the first one works")
    command = kitchen.work.last()
    assert command is not None
    with stopped(command.pid):
        second = start("up", kitchen.folder)
        told, _ = second.communicate(timeout=300)
    text, _ = first.communicate(timeout=300)
    assert first.returncode == 0, text
    assert set(summary(text)) == {"unchanged"}
    assert second.returncode != 0
    assert "`make up` (process " in told
    assert "works here; wait until it ends" in told
    assert "cancel" not in told + text
    assert "Traceback" not in told + text


def test_an_engine_whose_command_was_killed_is_waited_for(kitchen: LocalKitchen) -> None:
    """The real engine and its plugins hold the lock that they have inherited."""
    folder = kitchen.workspace.folder
    first = start("up", kitchen.folder, start_new_session=True)
    eventually(lambda: engines(folder), "an engine works", 300)
    (engine, *_) = engines(folder)
    with stopped(engine.pid):
        command = kitchen.work.last()
        assert command is not None
        os.kill(command.pid, signal.SIGKILL)
        told, _ = start("up", kitchen.folder).communicate(timeout=300)
    first.communicate(timeout=300)
    assert f"the engine of a command that was killed still works here (process {engine.pid})" in told
    eventually(lambda: not engines(folder), "the engine has ended", 300)
    text = make("up", kitchen.folder)
    assert set(summary(text)) == {"unchanged"}, text


def test_down_removes_everything_that_is_damaged(kitchen: LocalKitchen) -> None:
    cut_everything_but_the_data(kitchen)
    assert len(strays(kitchen.cluster.directory)) >= len(START_ORDER)
    make("down", kitchen.folder)
    assert not kitchen.folder.exists()
    assert strays(kitchen.cluster.directory) == []
