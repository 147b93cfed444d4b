"""The workspace of the local commands: what of the user's environment reaches the engine, and what the state says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.faults import FaultsError
from ops.store import ACCESS_KEY, SECRET_KEY, StoreError, client
from tools.local import workspace
from tools.local.errors import LocalError
from tools.local.workspace import Workspace

KEYS = {ACCESS_KEY: "a-key", SECRET_KEY: "canary-secret"}


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(workspace, "environment", lambda names: {"PULUMI_CONFIG_PASSPHRASE": "mine", "PATH": "/bin"})
    return Workspace(tmp_path, "dev", tmp_path / "kubeconfig")


def test_only_the_workspace_s_own_passphrase_is_used(made: Workspace) -> None:
    env = made.environment()
    assert "PULUMI_CONFIG_PASSPHRASE" not in env
    assert env["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(made.folder / "passphrase")


def test_the_state_says_what_is_recorded_and_whether_an_update_was_cut_off(made: Workspace) -> None:
    assert made.recorded(":S3Bucket") == set()
    assert made.latest() == {}
    folder = made.folder / "state" / ".pulumi" / "stacks" / "kitchen"
    folder.mkdir(parents=True)
    resources = [
        {"type": "pulumi:pulumi:Stack", "urn": "urn:a"},
        {"type": "pulumi-python:dynamic/kitchen:S3Bucket", "id": "dev-lora", "urn": "urn:b"},
    ]
    latest = {"resources": resources, "pending_operations": [{"type": "creating"}]}
    (folder / "dev.json").write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}))
    assert made.recorded(":S3Bucket") == {"dev-lora"}
    assert made.latest()["pending_operations"]


@pytest.mark.parametrize(
    "content", [b"config: {a: 1, a: 2}", b"config: {a: 2026-02-30}", b"\xff\xfe", b"config: [", b"- x"]
)
def test_a_stack_file_that_cannot_be_read_is_one_message(content: bytes, made: Workspace, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: kitchen\nruntime: python\n")
    (project / "Pulumi.dev.yaml").write_bytes(content)
    with pytest.raises(LocalError) as caught:
        Workspace(made.folder, "dev", None, project).prepare({})
    assert str(caught.value).startswith("Pulumi.dev.yaml: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("endpoint", ["minio:9000", "https://[bad", "https://user:x@minio", "https://minio:0"])
def test_a_wrong_endpoint_is_a_fault_without_the_key(endpoint: str) -> None:
    with pytest.raises(FaultsError) as caught:
        client(endpoint, "us-east-1", KEYS)
    assert "--endpoint" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_an_aws_profile_that_does_not_exist_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with pytest.raises(
        StoreError, match=r"no client can be made \(ProfileNotFound\); check: the endpoint, AWS_PROFILE"
    ):
        client("https://minio.example.com", "us-east-1", KEYS)
