"""docs/bring-in.md from end to end: from a real registry to a real registry, a real MinIO and the cluster's pods.

Every command is one of the text. Each is killed in its middle, with all that it started, and run again as it was. The
base model is one file above one part of an upload; with KITCHEN_WALK=large (`make test-large`) it has 6 GB, and the
figures are printed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.load import settings_from_file
from ops.__main__ import main
from tests.cluster.support import desk as desks
from tests.cluster.support.containers import process_of
from tests.cluster.support.kubectl import Kubectl, eventually, no_other_environment
from tests.cluster.support.steps import Steps
from tests.cluster.support.walk import MIB, Walk
from tests.support import made_model
from tests.support.image_registry import PASSWORD, ImageRegistry, digest_of
from tools.cluster import Cluster

MOST_MB = 300


@pytest.fixture
def walked(cluster: Cluster, kubectl: Kubectl, tmp_path: Path) -> Iterator[Walk]:
    with (
        no_other_environment(kubectl),
        ImageRegistry(tmp_path / "outside") as outside,
        ImageRegistry(tmp_path / "inside") as inside,
    ):
        made = Walk(cluster, tmp_path, outside, inside)
        with made.out, made.way_in, made.to_store:
            yield made


def approve(desk: desks.Desk) -> None:
    """As docs/catalog.md has it, by others than who brought it in."""
    said = ["--evaluation", "evaluations/walk/2026-09-03", "--catalog", str(desk.catalog)]
    assert main(["model", "promote", desks.MODEL, "--approver", "model-board", *said]) == 0
    for ref in desks.ADAPTERS:
        assert main(["adapter", "promote", ref, "--approver", "model-board", *said]) == 0
    assert main(["image", "promote", desks.SERVER, "--approver", "platform-board", *said]) == 0


def test_from_a_registry_outside_to_the_pods(walked: Walk, kubectl: Kubectl, tmp_path: Path) -> None:
    desk = walked.desk
    desk.up()
    walked.create()
    walked.sign()
    walked.verify()
    walked.bring()
    for image in walked.images:
        for digest in (image.digest, *image.attached):
            assert walked.inside.tree(image.repository, digest) == walked.outside.tree(image.repository, digest)
    assert stored(walked) == walked.sums
    catalog = load_catalog(desk.catalog)
    assert {catalog.adapters[ref].state for ref in desks.ADAPTERS} == {"candidate"}
    assert all(catalog.images[image.name].imported for image in walked.images)
    desk.serve()
    with pytest.raises(FaultsError, match="approved"):
        settings_from_file(desk.settings, catalog)
    approve(desk)
    settings_from_file(desk.settings, load_catalog(desk.catalog))
    desk.up()
    eventually(lambda: len(pods(kubectl)) >= 2, "the servers' pods")
    declared = {image for pod in declared_pods(kubectl) for image in images_of(pod)}
    assert declared == {f"{desk.registry}/{image.repository}@{image.digest}" for image in walked.images[:2]}
    for reference in declared:
        repository, _, digest = reference.removeprefix(f"{desk.registry}/").partition("@")
        found = walked.inside.manifest(repository, digest)
        assert found is not None
        assert digest_of(found[1]) == digest
    load(walked, kubectl, tmp_path)
    fetch(walked, kubectl, tmp_path)
    told(walked)


def stored(walked: Walk) -> dict[str, dict[str, str]]:
    """The sums of what the buckets hold, by the folder of each artifact."""
    found: dict[str, dict[str, str]] = {}
    for bucket, folder in (("models", ""), ("lora", "lora/")):
        for key in walked.objects(bucket):
            digest = hashlib.sha256()
            for chunk in walked.client.get_object(Bucket=f"walk-{bucket}", Key=key)["Body"].iter_chunks(MIB):
                digest.update(chunk)
            place, _, name = f"{folder}{key}".rpartition("/")
            found.setdefault(place, {})[name] = digest.hexdigest()
    return found


def pods(kubectl: Kubectl) -> list[dict[str, Any]]:
    found = kubectl.get("-n", desks.NAMESPACE, "pods", "-l", "serving.kserve.io/inferenceservice")["items"]
    return [pod for pod in found if pod["spec"].get("nodeName")]


def declared_pods(kubectl: Kubectl) -> list[dict[str, Any]]:
    """Every pod of the environment, and those that its Jobs declare."""
    jobs = kubectl.get("-n", desks.NAMESPACE, "jobs")["items"]
    return [*(pod["spec"] for pod in pods(kubectl)), *(job["spec"]["template"]["spec"] for job in jobs)]


def images_of(pod: dict[str, Any]) -> set[str]:
    return {container["image"] for container in [*pod["containers"], *pod.get("initContainers", [])]}


def sums_in(files: Sequence[dict[str, Any]]) -> dict[str, str]:
    return {file["path"]: file["sha256"] for file in files}


def load(walked: Walk, kubectl: Kubectl, folder: Path) -> None:
    """The Job that the cluster declares, killed in the middle of the file and run again; then the server's check."""
    (job,) = kubectl.get("-n", desks.NAMESPACE, "jobs")["items"]
    pod = job["spec"]["template"]["spec"]
    volumes = {"manifest": folder / "config", "models": folder / "volume"}
    process = process_of(kubectl, desks.NAMESPACE, pod, pod["containers"][0], volumes)
    assert (
        sums_in(json.loads((folder / "config" / "manifest.json").read_text())["files"])
        == walked.sums[f"base/{desks.MODEL}"]
    )
    steps = Steps(process.place, process.env, walked.steps.log, walked.steps.took)
    version = folder / "volume" / "base" / desks.MODEL
    part, marker = version / f".{made_model.FILE}.part", version / ".kitchen-complete.json"
    steps.killed_in("load", process.words, part, walked.desk.model_bytes // 3, marker)
    steps.done("load", process.words)
    assert marker.exists()
    for name, digest in walked.sums[f"base/{desks.MODEL}"].items():
        with (version / name).open("rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == digest
    pod = pods(kubectl)[0]["spec"]
    (check,) = (entry for entry in pod["initContainers"] if entry["name"] == "require-base-model")
    there = {"base-model-manifest": folder / "check", "base-model": folder / "volume"}
    done = process_of(kubectl, desks.NAMESPACE, pod, check, there).run()
    assert done.returncode == 0, done.stderr
    shutil.rmtree(folder / "volume")


def fetch(walked: Walk, kubectl: Kubectl, folder: Path) -> None:
    """Adapters by the init container of static mode; of hot mode by what the sidecar's ConfigMap says."""
    wanted = {ref.partition("/")[0]: walked.sums[f"lora/{ref}"] for ref in desks.ADAPTERS}
    found = {}
    for pod in (entry["spec"] for entry in pods(kubectl)):
        for container in (entry for entry in pod.get("initContainers", []) if entry["name"] == "fetch-adapters"):
            place = {"adapters-manifest": folder / "list", "adapters": folder / "adapters"}
            done = process_of(kubectl, desks.NAMESPACE, pod, container, place).run()
            assert done.returncode == 0, done.stderr
            for adapter in (folder / "adapters").iterdir():
                found[adapter.name] = {
                    path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in adapter.iterdir()
                }
    assert found == {name: wanted[name] for name in ("walk-faq", "walk-triage")}
    declared = {}
    for content in kubectl.get("-n", desks.NAMESPACE, "configmaps")["items"]:
        text = content.get("data", {}).get("manifest.json", "{}")
        for adapter in json.loads(text).get("adapters", []):
            declared[adapter["name"]] = sums_in(adapter["files"])
    assert declared == wanted


def told(walked: Walk) -> None:
    """What it took, for people; and that no command has said a secret."""
    print(*walked.figures, sep="\n")
    said = walked.steps.log.read_text()
    assert "Traceback" not in said
    for secret in (PASSWORD, walked.cluster.minio_secret_key):
        assert secret not in said
    assert walked.steps.peak_mb() < MOST_MB
