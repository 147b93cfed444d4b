"""The object store's settings through the real engine: what a preview plans and what it warns of."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.engine.conftest import planned, run
from tests.unit.infra.rules.test_object_store import RIGHT, S3
from tools.local.workspace import POLICY_PACK, REPOSITORY, Workspace

Stack = Callable[..., Workspace]
PACK = ("--policy-pack", str(POLICY_PACK))
BASE: dict[str, Any] = {"endpoint": "https://s3.kitchen.example", "bucketPrefix": "dev-"}


def buckets(steps: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = [step["newState"]["inputs"] for step in steps if step["newState"]["type"].endswith(":S3Bucket")]
    return {inputs["bucket"]: inputs for inputs in found}


def test_a_deployed_store_previews_offline_passes_the_pack_and_comes_before_its_buckets(stack: Stack) -> None:
    store = {**BASE, **RIGHT, "quotaGiB": {"models": 2000, "pulumi-state": 10}, "objectLockDays": 30}
    steps = planned(run(stack("dev", {"objectStore": store}), "preview", "--json", *PACK))
    kinds = Counter(step["newState"]["type"].rpartition(":")[2] for step in steps)
    assert kinds["StatefulSet"] == kinds["Certificate"] == kinds["MinioServer"] == 1
    assert kinds["MinioQuota"] == 2
    (server,) = (step["urn"] for step in steps if step["newState"]["type"] == "kubernetes:apps/v1:StatefulSet")
    for step in steps:
        if step["newState"]["type"] == "kitchen:object_store:Bucket":
            assert server in step["newState"].get("dependencies", []), step["urn"]
    planned_buckets = buckets(steps)
    assert {name for name, inputs in planned_buckets.items() if inputs["objectLockDays"]} == {
        "dev-audit",
        "dev-lora",
        "dev-models",
    }
    assert planned_buckets["dev-audit"]["guards"] == ["anonymous", "delete-versions"]
    assert planned_buckets["dev-pulumi-state"]["guards"] == ["anonymous"]


def test_every_guarantee_that_a_store_lacks_is_a_warning_of_the_preview(stack: Stack) -> None:
    store = {**BASE, **S3, "abilities": ["lifecycle"]}
    workspace = stack("dev", {"objectStore": store})
    text = run(workspace, "preview", *PACK).text.partition("Diagnostics:")[2]
    for ability in ("bucketPolicy", "objectLock", "tagging", "versioning", "users", "quota"):
        assert text.count(f"object store without {ability}: ") == 1, text
    assert "object store without lifecycle" not in text
    assert text.count("object store without a stated place: pods may open port 443 in every private network") == 1
    for inputs in buckets(planned(run(workspace, "preview", "--json"))).values():
        assert (inputs["versioning"], inputs["guards"], inputs["abilities"]) == (False, [], ["lifecycle"])


def test_what_is_asked_of_a_store_that_cannot_do_it_stops_the_preview(stack: Stack) -> None:
    store = {**BASE, **S3, "abilities": ["lifecycle"], "objectLockDays": 30, "quotaGiB": {"models": 1}}
    result = run(stack("dev", {"objectStore": store}), "preview")
    assert result.status != 0
    assert "Pulumi.dev.yaml: 2 faults, nothing was changed" in result.text
    assert (
        "objectStore.objectLockDays: 30; rule: needs what abilities do not name: objectLock, versioning" in result.text
    )


def test_another_generation_of_keys_is_made_before_the_old_one_goes(stack: Stack) -> None:
    steps = planned(run(stack("dev", {"objectStore": {**BASE, "keyGeneration": 2}}), "preview", "--json"))
    users = [step["newState"]["inputs"]["user"] for step in steps if step["newState"]["type"].endswith(":MinioUser")]
    assert len(users) == 5, "two read adapters, three base models"
    assert all(user.endswith("-g2") for user in users)


def test_the_server_can_be_made_before_its_buckets_as_the_runbook_says(stack: Stack) -> None:
    command = next(
        line for line in (REPOSITORY / "docs" / "runbook.md").read_text().splitlines() if "MinioServer::" in line
    )
    targets = shlex.split(command)[4:]
    assert targets[::2] == ["--target", "--target"]
    steps = planned(run(stack("dev", {"objectStore": {**BASE, **RIGHT}}), "preview", "--json", *targets))
    kinds = Counter(step["newState"]["type"].rpartition(":")[2] for step in steps if step["op"] == "create")
    assert kinds["StatefulSet"] == kinds["Secret"] == kinds["RandomPassword"] == kinds["Namespace"] == 1
    assert not kinds["S3Bucket"] + kinds["MinioUser"] + kinds["Tenant"]
