"""A state that release 0.1.0 recorded, of buckets, users and quotas: this release updates it, and can also remove it.

The file was exported by that release's commit after an update against a real MinIO, with the store's address replaced.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from components.object_store.minio.quota import MinioQuotaProvider
from components.object_store.minio.users import MinioUserProvider
from components.object_store.s3_provider import BucketProvider
from tests.cluster.support.object_store import Project, in_provider
from tests.support.minio_server import MinioServer

RECORDED = Path(__file__).parent / "recorded" / "state-0.1.0.json"
PROVIDERS = {"S3Bucket": BucketProvider, "MinioUser": MinioUserProvider, "MinioQuota": MinioQuotaProvider}
BUCKETS = {"recorded-lora", "recorded-models", "recorded-small"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MinioServer]:
    with MinioServer(tmp_path / "minio") as server:
        yield server


@pytest.fixture
def project(tmp_path: Path, store: MinioServer) -> Project:
    """A project whose state is the recorded one, and a store that holds what that state says."""
    made = Project(tmp_path / "project", store)
    made.bucket("recorded-lora", expire_noncurrent_days=30, tags={"team": "support"})
    made.bucket("recorded-models", object_lock_days=7)
    made.bucket("recorded-small", quota_gib=3)
    made.user("recorded-reader", "recorded-lora", ["helpdesk-faq/v1/"])
    recorded = tmp_path / "recorded.json"
    recorded.write_text(RECORDED.read_text().replace("https://store.example.com", store.endpoint))
    imported = made.run("stack", "import", "--file", str(recorded))
    assert imported.code == 0, imported.text
    shown = tmp_path / "shown.json"
    assert made.run("stack", "export", "--show-secrets", "--file", str(shown)).code == 0
    with in_provider(store):
        for resource in json.loads(shown.read_text())["deployment"]["resources"]:
            provider = PROVIDERS.get(resource["type"].rpartition(":")[2])
            if provider is not None:
                provider().create({name: plain(value) for name, value in resource["inputs"].items()})
    return made


def plain(value: Any) -> Any:
    """A property as a provider gets it; the export shows a secret in the engine's own form."""
    return json.loads(value["plaintext"]) if isinstance(value, dict) and "plaintext" in value else value


def buckets(store: MinioServer) -> set[str]:
    return {entry["Name"] for entry in store.client().list_buckets()["Buckets"]}


def test_an_update_changes_and_replaces_nothing(project: Project, store: MinioServer) -> None:
    updated = project.up()
    assert updated.code == 0, updated.text
    assert (updated.changed("unchanged"), updated.text.count("replac")) == (10, 0), updated.text
    assert not any(updated.changed(change) for change in ("created", "updated", "deleted", "replaced"))

    refreshed = project.refresh()
    assert (refreshed.code, refreshed.changed("unchanged")) == (0, 10), refreshed.text

    # What is changed afterwards is changed in place.
    project.said["buckets"]["recorded-lora"]["expire_noncurrent_days"] = 60
    project.said["buckets"]["recorded-small"]["quota_gib"] = 4
    project.said["users"]["recorded-reader"]["prefixes"] = ["helpdesk-faq/v2/"]
    changed = project.up()
    assert (changed.code, changed.changed("updated"), changed.changed("unchanged")) == (0, 3, 7), changed.text
    assert buckets(store) == BUCKETS


def test_a_refresh_that_is_the_first_command_finds_what_changed_by_hand(project: Project, store: MinioServer) -> None:
    store.client().put_bucket_versioning(Bucket="recorded-lora", VersioningConfiguration={"Status": "Suspended"})
    found = project.refresh()
    assert (found.code, found.changed("updated")) == (0, 1), found.text
    mended = project.up()
    assert (mended.code, mended.changed("updated")) == (0, 1), mended.text
    assert store.client().get_bucket_versioning(Bucket="recorded-lora")["Status"] == "Enabled"


def test_a_destroy_that_is_the_first_command_removes_all(project: Project, store: MinioServer) -> None:
    assert buckets(store) == BUCKETS
    gone = project.run("destroy", "--yes", "--skip-preview")
    assert (gone.code, gone.changed("deleted")) == (0, 10), gone.text
    assert buckets(store) == set()
    with pytest.raises(ClientError):
        store.client().head_bucket(Bucket="recorded-lora")


def test_what_this_release_records_is_what_that_one_can_read(project: Project, tmp_path: Path) -> None:
    """The way back: after a revert the older program finds its providers in the newer state."""
    fresh = Project(tmp_path / "fresh", project.store, "other")
    fresh.bucket("fresh-lora", quota_gib=1)
    fresh.user("fresh-reader", "fresh-lora", ["a/"])
    assert fresh.up().code == 0
    exported = tmp_path / "exported.json"
    assert fresh.run("stack", "export", "--file", str(exported)).code == 0
    assert providers(exported.read_text()) == providers(RECORDED.read_text())


def providers(state: str) -> dict[str, str]:
    """What a state says of the provider of each type of resource."""
    resources = json.loads(state)["deployment"]["resources"]
    inputs = {entry["type"]: entry.get("inputs", {}) for entry in resources}
    return {kind: said["__provider"] for kind, said in inputs.items() if "__provider" in said}
