"""`make deliver` with the real engine, its state on a real MinIO behind a passphrase, and a forge's shapes.

One repository goes through the tests in their order: each of them merges something.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from ops.plan.report import Report, read
from tests.engine.support.delivery import PASSPHRASE, Site
from tests.support.forge_server import OWN, TOKEN, ForgeServer
from tests.support.minio_server import REGION, MinioServer
from tools.local.orphans import engines
from tools.toolchain import ensure

pytestmark = pytest.mark.long

SECONDS = 600.0


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    ensure(["minio"])
    with MinioServer(tmp_path_factory.mktemp("minio")) as server:
        server.client().create_bucket(Bucket="state")
        yield server


@pytest.fixture(scope="module")
def site(store: MinioServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    backend = {
        "PULUMI_BACKEND_URL": f"s3://state?region={REGION}&endpoint={store.endpoint}&s3ForcePathStyle=true",
        "AWS_ACCESS_KEY_ID": store.access_key,
        "AWS_SECRET_ACCESS_KEY": store.secret_key,
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
    }
    made = Site(tmp_path_factory.mktemp("delivery"), backend)
    yield made
    made.end()


@pytest.fixture(scope="module")
def forge() -> Iterator[ForgeServer]:
    with ForgeServer(kind="gitea", merged=True, landed={}) as server:
        yield server


def planned(site: Site, base: str = "main") -> Report:
    """What a pull request's pipeline does first."""
    site.run("-m", "ops", "plan", "--stack", "dev", "--base", base, "--out", "reports/plan")
    return read(site.path / "reports" / "plan" / "report.json")


def merge(site: Site, forge: ForgeServer, number: int, new: str, old: str) -> None:
    """A pull request that changes settings: its plan is told at the forge by the real command, and it is merged."""
    site.git("checkout", "--quiet", "-b", f"change-{number}")
    site.set(new, old)
    head = site.commit(f"change {number}")
    forge.head, forge.merged = head, False
    assert planned(site).verdict not in ("no changes", "denied", "failed")
    said = site.run("-m", "ops", "tell", "plan", **forge.variables(KITCHEN_FORGE_COMMIT=head))
    assert "kitchen/plan (dev): success" in said
    assert site.head == head
    forge.merged = True
    site.git("checkout", "--quiet", "main")
    site.git("merge", "--quiet", "--no-ff", "-m", f"merge {number}", f"change-{number}")
    landed(site, forge, number, head)


def landed(site: Site, forge: ForgeServer, number: int, head: str) -> None:
    forge.landed = {**(forge.landed or {}), site.head: (number, head)}


def status(site: Site, forge: ForgeServer) -> list[str]:
    """What our own account has said of a delivery of the commit that is checked out."""
    return [entry["status"] for entry in forge.statuses
            if entry["sha"] == site.head and entry["context"] == "kitchen/deliver (dev)"]  # fmt: skip


def resources(site: Site) -> int:
    return len(json.loads(site.state())["deployment"].get("resources", []))


def test_a_first_delivery_names_all_that_no_plan_names(site: Site, forge: ForgeServer, store: MinioServer) -> None:
    said = site.deliver(forge, status=3)
    assert "of no pull request: nobody has approved a plan of it" in said
    assert "next: a pull request with the plan of now" in said
    planned(site, "HEAD")
    plan = ("--plan", "reports/plan/report.json")
    said = site.deliver(forge, *plan, status=3)
    assert said.count("not in the approved plan: create ") == 40
    assert "nothing was applied" in said
    assert (resources(site), site.rendered.exists()) == (0, False)
    said = site.deliver(forge, *plan, "--accept", "*")
    assert "dev: delivered, commit " in said
    assert "done      models called: 0 of 6 answered" in said
    assert "tsuzumi-7b-instruct of support: not called: " in said
    assert "done      audit: 0 proven, 0 differs, " in said
    assert "next: make deliver STACK=prod" in said
    assert status(site, forge)[-2:] == ["pending", "success"]
    keys = [entry["Key"] for entry in store.client().list_objects_v2(Bucket="state")["Contents"]]
    assert any(key.endswith("/kitchen/dev.json") for key in keys), "the state lies on the object store"
    assert not [key for key in keys if "/locks/" in key]


def test_what_was_approved_is_what_is_applied(site: Site, forge: ForgeServer) -> None:
    merge(site, forge, 1, "concurrency: 16, tokensPerRequest: 2048}", "concurrency: 32, tokensPerRequest: 2048}")
    before = site.state()
    said = site.deliver(forge)
    assert f"done      approved plan: pull request 1, told by {OWN}: " in said
    assert "dev: delivered" in said
    assert site.state() != before
    assert status(site, forge) == ["pending", "success"]
    assert TOKEN not in said
    assert PASSPHRASE not in said
    assert TOKEN not in json.dumps(forge.statuses)


def test_prod_comes_after_dev(site: Site, forge: ForgeServer) -> None:
    kept = [*forge.statuses]
    said = site.deliver(forge, stack="prod", status=3)
    assert "nobody has approved" not in said
    assert "of kitchen-bot, so no plan was approved" in said, "dev was delivered, so that it gets as far as this"
    forge.add_status(OWN, "kitchen/deliver (dev)", "failure", "no", site.head)
    said = site.deliver(forge, stack="prod", status=3)
    assert "dev comes first, and this commit has the status failure: no there; nothing was applied" in said
    forge.add_status("mallory", "kitchen/deliver (dev)", "success", "delivered", site.head)
    assert "dev comes first" in site.deliver(forge, stack="prod", status=3)
    assert "so no plan was approved" in site.deliver(forge, "--after", "none", stack="prod", status=3)
    forge.statuses[:] = kept


def test_a_plan_that_nobody_approved_is_not_applied(site: Site, forge: ForgeServer) -> None:
    before = site.state()
    merge(site, forge, 2, "helpdesk-classifier/v2026-02-01, legal-contract-review/v2026-04-01]",
          "helpdesk-classifier/v2026-02-01]")  # fmt: skip
    site.set("maxModelLen: 8192, concurrency: 8}", "maxModelLen: 8192, concurrency: 16}")
    head = site.git("rev-parse", "change-2")
    site.git("commit", "--quiet", "--all", "--amend", "--no-edit")  # another tree under the same pull request
    landed(site, forge, 2, head)
    said = site.deliver(forge, status=3)
    assert "the plan is not the one that was approved; nothing was applied" in said
    assert "would do now: " in said
    assert site.state() == before
    assert status(site, forge) == ["failure"]


def test_what_came_in_before_without_an_approval_is_accepted_by_name_or_not_at_all(
    site: Site, forge: ForgeServer
) -> None:
    merge(site, forge, 3, "concurrency: 16, tokensPerRequest: 1024}", "concurrency: 32, tokensPerRequest: 1024}")
    before = site.state()
    said = site.deliver(forge, status=3)
    assert "not in the approved plan: update " in said
    assert "does not count: stack dev: the plan is not the one that was approved" in said
    assert "helpdesk-dev/search" not in said, "what was approved is not told"
    assert site.state() == before
    assert "dev: delivered" in site.deliver(forge, "--accept", "* helpdesk-dev/support*, * sales-dev/summary*")


def test_an_earlier_approved_merge_that_was_not_delivered_comes_too(site: Site, forge: ForgeServer) -> None:
    merge(site, forge, 4, "maxModelLen: 8192, concurrency: 16}", "maxModelLen: 8192, concurrency: 8}")
    merge(site, forge, 5, "concurrency: 32, tokensPerRequest: 1024}", "concurrency: 16, tokensPerRequest: 1024}")
    said = site.deliver(forge)
    assert "1 earlier merges were not delivered; their plans are made again" in said
    assert "operations of earlier approved plans are delivered too" in said
    assert "dev: delivered" in said
    assert len(site.git("worktree", "list").splitlines()) == 1


FIRST = ("-m", "tools.deliver", "--stack", "dev", "--plan", "reports/plan/report.json", "--accept", "*")


@pytest.fixture
def fresh(site: Site, store: MinioServer) -> Iterator[Site]:
    """The same repository on another state, where everything is to be made."""
    bucket = f"state-{len(store.client().list_buckets()['Buckets'])}"
    store.client().create_bucket(Bucket=bucket)
    before = site.backend["PULUMI_BACKEND_URL"]
    site.backend["PULUMI_BACKEND_URL"] = before.replace("s3://state", f"s3://{bucket}")
    shutil.rmtree(site.rendered, ignore_errors=True)
    try:
        site.run("-m", "tools.pipeline", "init", "--stack", "dev")
        planned(site, "HEAD")
        yield site
    finally:
        site.end()
        site.backend["PULUMI_BACKEND_URL"] = before


def updating(site: Site, forge: ForgeServer) -> subprocess.Popen[str]:
    """A first delivery that has begun to write."""
    process = site.start(*FIRST, **site.variables(forge))
    end = time.monotonic() + SECONDS
    while len(list(site.rendered.rglob("*.yaml"))) < 3:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.02)
    return process


def test_a_cancelled_job_lets_the_update_end(fresh: Site, forge: ForgeServer) -> None:
    """SIGTERM reaches the command alone, as from a runner: the engine is not told, and works on."""
    process = updating(fresh, forge)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 1, said
    assert "error: interrupted; what the engine had begun is recorded" in said
    assert "failed    update: interrupted" in said
    assert "next: make deliver STACK=dev" in said
    assert status(fresh, forge)[-1] == "failure"
    assert resources(fresh) > 70, "the update has ended"
    assert "dev: delivered" in fresh.run(*FIRST, **fresh.variables(forge))


def test_an_engine_that_is_told_too_stops_in_order_and_the_next_delivery_goes_on(
    fresh: Site, forge: ForgeServer
) -> None:
    process = updating(fresh, forge)
    for found in engines(fresh.folder):
        with suppress(ProcessLookupError):
            os.kill(found.pid, signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 1, said
    assert "Traceback" not in said
    assert "dev: delivered" in fresh.run(*FIRST, **fresh.variables(forge))
    assert resources(fresh) > 70


def test_a_runner_that_is_lost_is_found_out_by_the_next_delivery(fresh: Site, forge: ForgeServer) -> None:
    process = updating(fresh, forge)
    process.kill()
    fresh.end()
    process.communicate()
    said = fresh.run(*FIRST, status=1, **fresh.variables(forge))
    assert "another run is at work on it" in said
    fresh.pulumi("cancel", "--yes")
    said = fresh.run(*FIRST, **fresh.variables(forge))
    assert "an earlier update was interrupted; the state is compared" in " ".join(said.split())
    assert "dev: delivered" in said


def test_of_two_deliveries_at_once_the_second_is_refused_or_waits(
    fresh: Site, forge: ForgeServer, store: MinioServer
) -> None:
    first = updating(fresh, forge)
    bucket = fresh.backend["PULUMI_BACKEND_URL"].removeprefix("s3://").partition("?")[0]
    place, lock = lock_of(store, bucket)
    said, _ = first.communicate(timeout=SECONDS)
    assert first.returncode == 0, said
    store.client().put_object(Bucket=bucket, Key=place, Body=lock)
    told = len(forge.statuses)
    said = fresh.run(*FIRST, status=1, **fresh.variables(forge))
    assert "stack dev: another run is at work on it, and nothing was changed here" in said
    assert "make deliver STACK=dev WAIT=1800" in said
    assert [entry["status"] for entry in forge.statuses[told:]] == ["pending"] * 2, "the other run says how it ends"
    second = fresh.start(*FIRST, "--wait", "300", **fresh.variables(forge))
    time.sleep(30)
    assert second.poll() is None
    store.client().delete_object(Bucket=bucket, Key=place)
    said, _ = second.communicate(timeout=SECONDS)
    assert second.returncode == 0, said
    assert "another run is at work on it; waiting" in said
    assert "dev: delivered" in said


def lock_of(store: MinioServer, bucket: str) -> tuple[str, bytes]:
    """Where the engine that is at work keeps others away, and what it has written there."""
    found = store.client().list_objects_v2(Bucket=bucket, Prefix=".pulumi/locks/")["Contents"]
    (key,) = [entry["Key"] for entry in found if entry["Key"].endswith(".json")]
    return key, store.client().get_object(Bucket=bucket, Key=key)["Body"].read()
