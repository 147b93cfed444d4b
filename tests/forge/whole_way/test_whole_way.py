"""Pull request, report as a comment, a denied change, approval, merge, delivery, and the status on the commit."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.support.environments import make
from tests.cluster.support.kubectl import Kubectl
from tests.forge.support.gitea import AUTHOR, KITCHEN, REVIEWER, Gitea
from tests.forge.support.pipeline import Job, Pipeline
from tests.forge.support.repository import REFUSED, Repository, git, must
from tools.local.up import LocalKitchen
from tools.local.workspace import REPOSITORY

DEV = "Pulumi.dev.yaml"
PROBE = '        "readinessProbe": _probe(3),\n'
RUNTIME = Path("components", "serving", "runtime_spec.py")
NEW_ADAPTER = "helpdesk-faq/v2026-02-01"
"""Of another kitchen, so that its files are in the store; `summary` takes it in hot mode, without a new pod."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A kitchen that is up, its repository at the forge, the author's clone, and the runner."""

    kitchen: LocalKitchen
    repository: Repository
    clone: Path
    pipeline: Pipeline

    def secrets(self) -> list[str]:
        """What no comment, status or job may show."""
        keys = self.kitchen.credentials()["KITCHEN_OBJECT_STORE_SECRET_KEY"]
        return [keys, self.kitchen.workspace.passphrase.read_text(), *self.repository.gitea.tokens.values()]


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKitchen]:
    """Dev on the embedded cluster, as a person has brought it up the first time."""
    made = LocalKitchen(tmp_path_factory.mktemp("whole") / "kitchen")
    with made.cluster:
        make("up", made.folder, "--old-file=.venv/.requirements.stamp")
        yield made
    made.down()


@pytest.fixture(scope="module")
def scene(kitchen: LocalKitchen, gitea: Gitea, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("scene")
    clone = copied(folder / "clone", kitchen)
    repository = Repository(gitea, "kitchen")
    repository.filled(clone)
    repository.protect("kitchen/plan (dev)", "kitchen/plan (prod)")
    workspace = kitchen.workspace
    environment = {key: value for key, value in workspace.environment().items()
                   if key in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE", "KUBECONFIG")}  # fmt: skip
    (folder / "jobs").mkdir()
    with Pipeline(repository, folder / "jobs", {**environment, **kitchen.credentials()}) as pipeline:
        yield Scene(kitchen=kitchen, repository=repository, clone=clone, pipeline=pipeline)


def copied(folder: Path, kitchen: LocalKitchen) -> Path:
    """A repository with this one's files, and dev's settings as they are up."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY, capture_output=True, check=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, target, follow_symlinks=False)
    (folder / DEV).write_text(kitchen.workspace.config_file.read_text())
    must(folder, "init", "-q", "-b", "main")
    must(folder, "add", "-A")
    must(folder, "commit", "-qm", "what is up")
    return folder


def commit(folder: Path, message: str) -> str:
    must(folder, "commit", "-qam", message)
    return must(folder, "rev-parse", "HEAD")


def settings(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((folder / DEV).read_text())
    return loaded


def said_by_us(scene: Scene, number: int) -> list[str]:
    found = scene.repository.comments(number)
    return [entry["body"] for entry in found if entry["user"]["login"] == KITCHEN]


def minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min"


def show(title: str, job: Job) -> None:
    print(f"  {title}: {', '.join(f'{step.words} {step.seconds:.0f} s' for step in job.ran)}")


def test_the_whole_way(scene: Scene) -> None:
    begun = time.monotonic()
    repository, clone, pipeline = scene.repository, scene.clone, scene.pipeline

    # A change that the pack denies in prod: servers without a probe.
    must(clone, "checkout", "-qb", "change")
    text = (clone / RUNTIME).read_text()
    assert PROBE in text
    (clone / RUNTIME).write_text(text.replace(PROBE, ""))
    bad = commit(clone, "no probe")
    number = repository.pull(clone, "change", "summary gets an adapter")["number"]
    job = pipeline.wait(1)
    show("denied", job)
    assert not job.passed, job.text()
    assert job.step("plan-tell").status == 0, job.text()
    statuses = repository.statuses(bad)
    assert statuses["kitchen/plan (prod)"] == ("failure", KITCHEN), job.text()
    (comment,) = said_by_us(scene, number)
    assert "denied" in comment.lower()
    assert repository.approve(number).status == 200
    refused = repository.merge(number)
    assert refused.status in REFUSED, refused

    # A good one takes its place: one more adapter.
    (clone / RUNTIME).write_text(text)
    content = settings(clone)
    content["config"]["kitchen:kitchens"]["summary"]["adapters"].append(NEW_ADAPTER)
    (clone / DEV).write_text(yaml.safe_dump(content, sort_keys=False))
    good = commit(clone, "summary takes helpdesk-faq too")
    repository.push(clone, "change")
    job = pipeline.wait(2)
    show("good", job)
    assert job.passed, job.text()
    assert repository.statuses(good) == {
        "kitchen/plan (dev)": ("success", KITCHEN),
        "kitchen/plan (prod)": ("success", KITCHEN),
    }
    (comment,) = said_by_us(scene, number)
    assert "helpdesk-faq" in comment
    assert "denied" not in comment.lower()

    # Nobody merges alone, or past the pull request.
    assert repository.approve(number, AUTHOR).status == 422
    assert repository.merge(number).status in REFUSED, "the approval was of the commit before"
    assert git(clone, "push", "-q", repository.gitea.address(AUTHOR, repository.name), "HEAD:main").returncode != 0
    assert repository.approve(number, REVIEWER).status == 200
    assert repository.merge(number).status == 200

    # The merge lands.
    job = pipeline.wait(3)
    show("merge", job)
    assert job.event == "push"
    assert job.passed, job.text()
    assert repository.statuses(job.commit)["kitchen/deliver (dev)"] == ("success", KITCHEN), job.text()
    kubectl = Kubectl(scene.kitchen.cluster.kubeconfig)
    lists = kubectl.get("-n", "sales-dev", "configmaps")["items"]
    assert any(NEW_ADAPTER.partition("/")[0] in str(entry.get("data")) for entry in lists)

    told = [*said_by_us(scene, number), *(done.text() for done in pipeline.done)]
    assert [secret for secret in scene.secrets() if any(secret in part for part in told)] == []
    assert pipeline.refused == []
    print(f"  the whole way: {minutes(time.monotonic() - begun)}")
