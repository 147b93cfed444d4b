"""The program in the real engine: both environments preview offline with the pack, and every fault is one message."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.conftest import Run, planned, run
from tests.engine.support.golden import FOLDER, listing
from tools.local.workspace import POLICY_PACK, REPOSITORY, Workspace

PACK = ("--policy-pack", str(POLICY_PACK))
Stack = Callable[..., Workspace]


def settings(name: str = "dev") -> dict[str, Any]:
    content = yaml.safe_load((REPOSITORY / f"Pulumi.{name}.yaml").read_text())
    return {key.removeprefix("kitchen:"): value for key, value in content["config"].items()}


@pytest.mark.parametrize(("name", "kitchens", "keys", "locked"), [("dev", 3, 5, 0), ("prod", 4, 9, 3)])
def test_an_environment_previews_without_a_cluster_and_passes_the_pack(
    name: str, kitchens: int, keys: int, locked: int, judged: Callable[..., Run]
) -> None:
    steps = planned(judged(name, "--json"))
    types = Counter(step["newState"]["type"].rsplit(":", 1)[-1] for step in steps)
    assert {step["op"] for step in steps} == {"create"}
    assert types["InferenceService"] == types["MultiLoraService"] == types["BaseModelLoad"] == types["Job"] == kitchens
    assert types["BucketAccess"] == keys, "one for adapters where there are some, one for the base model; prod records"
    assert types["Bucket"] == 5
    buckets = [s["newState"]["inputs"] for s in steps if s["newState"]["type"].endswith(":S3Bucket")]
    assert sum(bucket["objectLockDays"] > 0 for bucket in buckets) == locked
    assert listing(steps) == (FOLDER / f"{name}.txt").read_text(), "run `make golden` and review the difference"


def test_the_engine_keeps_no_log(stack: Stack) -> None:
    """It would hold secrets, and not encrypted when the engine is killed early."""
    workspace = stack("dev")
    before = time.time()
    assert "automatic logging unavailable" in run(workspace, "preview", "--logtostderr", "--verbose=1").text
    home = Path(workspace.environment()["PULUMI_HOME"])
    assert [path for path in home.rglob("*.log") if path.stat().st_mtime >= before] == []


def told(result: Run, *texts: str) -> None:
    """One message with every text, a failure, no traceback, and nothing planned but the stack itself."""
    assert result.status != 0
    told = result.text.partition("Diagnostics:")[2]
    for text in (*texts, "nothing was changed"):
        assert text in told, result.text
    assert told.count("error:") == told.count("nothing was changed") == 1, result.text
    assert "Traceback" not in result.text
    assert "+ 1 to create" in told
    for line in (line for line in told.splitlines() if "; rule: " in line):
        assert "; example: " in line


def test_faults_of_form_are_told_at_once(stack: Stack) -> None:
    kitchens = settings()["kitchens"]
    kitchens["support"]["adaptors"] = kitchens["support"].pop("adapters")
    kitchens["summary"]["replicas"] = "two"
    del kitchens["summary"]["pool"]
    kitchens["summary"]["runtime"]["image"] = "nginx:latest"
    result = run(stack("dev", {"kitchens": kitchens}), "preview", *PACK)
    told(
        result,
        "Pulumi.dev.yaml: 4 faults, nothing was changed",
        'kitchens.support.adaptors: ["helpdesk-faq/v2026-02-01"',
        "unknown key; known here:",
        'kitchens.summary.replicas: "two"; rule: must be of type integer',
        "kitchens.summary.pool: missing; rule: this key must be there",
        'kitchens.summary.runtime.image: "nginx:latest"',
    )


def test_faults_of_meaning_are_told_at_once(stack: Stack) -> None:
    kitchens = settings()["kitchens"]
    kitchens["support"]["adapters"].append("no-such-adapter/v2026-01-01")
    kitchens["support"]["runtime"]["maxLoraRank"] = 8
    kitchens["summary"]["pool"] = "b200"
    kitchens["a-kitchen-whose-name-is-much-too-long-x"] = {**kitchens["summary"], "tenant": "procurement-and-logistics"}
    tenants = settings()["tenants"]
    tenants["procurement-and-logistics"] = tenants["sales"]
    result = run(stack("dev", {"kitchens": kitchens, "tenants": tenants}), "preview", *PACK)
    told(
        result,
        'kitchens.support.adapters[2]: "no-such-adapter/v2026-01-01"; rule: must be an adapter of the catalog',
        "has rank 16, above runtime.maxLoraRank 8; example: maxLoraRank: 16",
        'kitchens.summary.pool: "b200"; rule: must be a GPU pool of this file: l40s',
        "at most 63 are allowed",
    )


def test_a_preview_shows_what_each_kitchen_needs_of_a_gpu(stack: Stack, judged: Callable[..., Run]) -> None:
    result = judged("prod")
    assert result.status == 0, result.text
    (row,) = [line.split() for line in result.text.splitlines() if line.split()[:2] == ["developer", "h100"]]
    assert row[2:] == ["15.0", "0.2", "32.0", "0.8-3.0", "48.0-50.1", "71.1", "69", "27", "fits"]
    kitchens = settings()["kitchens"]
    kitchens["support"]["runtime"] |= {"concurrency": 512, "maxModelLen": 32768}
    told(
        run(stack("dev", {"kitchens": kitchens}), "preview", *PACK),
        "% of pool l40s",
        "one GPU of NVIDIA-L40S gives 40.1 GiB at gpuMemoryUtilization 0.9",
        "; example: tokensPerRequest: ",
    )


def inputs(result: Run) -> dict[str, Any]:
    """What the engine would create, by URN."""
    return {step["urn"]: step["newState"].get("inputs", {}) for step in planned(result)}


def test_one_more_adapter_changes_its_kitchen_alone(stack: Stack, judged: Callable[..., Run]) -> None:
    """Compared offline, by what the engine would create with and without it."""
    before = inputs(judged("dev", "--json"))

    def changed(kitchen: str, adapter: str) -> dict[str, str]:
        kitchens = settings()["kitchens"]
        kitchens[kitchen]["adapters"].append(adapter)
        after = inputs(run(stack("dev", {"kitchens": kitchens}), "preview", "--json"))
        assert before.keys() == after.keys()
        return {urn.split("::")[-2].split("$")[-1]: urn.split("::")[-1] for urn in before if before[urn] != after[urn]}

    static = changed("support", "legal-contract-review/v2026-04-01")
    assert static.pop("kubernetes:serving.kserve.io/v1beta1:InferenceService") == "support"
    assert all(name.startswith("support") for name in static.values()), static

    hot = changed("summary", "helpdesk-faq/v2026-02-01")
    assert hot == {
        "kitchen:object_store:BucketAccess": "summary",
        "pulumi-python:dynamic/kitchen:MinioUser": "summary",
        "kubernetes:core/v1:ConfigMap": "summary-declared-adapters",
    }


def test_a_base_model_held_ready_is_loaded_beside_the_old_and_changes_nothing_else(
    stack: Stack, judged: Callable[..., Run]
) -> None:
    """The first step of an upgrade; its last one, read backwards."""
    before = inputs(judged("dev", "--json"))
    tenants = settings()["tenants"]
    tenants["sales"]["baseModels"] = ["llama-3-8b-instruct/v1"]
    after = inputs(run(stack("dev", {"tenants": tenants}), "preview", "--json"))
    assert {urn: after[urn] for urn in before} == before
    added = Counter(urn.split("::")[-2].rpartition(":")[2] for urn in after.keys() - before.keys())
    assert added["Job"] == added["PersistentVolumeClaim"] == added["BaseModelLoad"] == added["S3Bucket"] + 1
    assert all("llama-3-8b-instruct-v1" in urn for urn in after.keys() - before.keys())
    jobs = [found for urn, found in after.items() if urn.split("::")[-2].endswith(":Job")]
    for job in jobs:
        pod = job["spec"]["template"]["spec"]
        assert "tolerations" not in pod
        assert job["spec"]["podFailurePolicy"]["rules"][0]["onExitCodes"]["values"] == [1, 2]


def test_the_ordinary_cli_runs_the_readme_s_commands(stack: Stack, tmp_path: Path) -> None:
    """As on a machine of a user's own: a checkout, a backend, and `pulumi` without any make target."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("infra", "components", "policies", ".venv"):
        (checkout / name).symlink_to(REPOSITORY / name)
    for path in REPOSITORY.glob("Pulumi*.yaml"):
        shutil.copy(path, checkout)
    backend = tmp_path / "backend"
    backend.mkdir()
    env = stack("prod").environment() | {"PULUMI_BACKEND_URL": f"file://{backend}"}
    commands = [
        shlex.split(line, comments=True)
        for line in re.findall(r"^pulumi .*$", (REPOSITORY / "README.md").read_text(), re.MULTILINE)
    ]
    assert [command[1] for command in commands] == ["preview", "up", "up"]
    created = []
    for command in [["pulumi", "stack", "init", "prod"], *commands]:  # what `make init` does beside the file's text
        # Without a cluster an update ends where it begins: what it would do is its preview.
        command[1] = "preview" if command[1] == "up" else command[1]
        done = subprocess.run(
            [*command, "--non-interactive"],
            cwd=checkout,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        created += re.findall(r"\+ (\d+) to create", done.stdout)
    everything = str(len((FOLDER / "prod.txt").read_text().splitlines()))
    assert created == [everything, "12", everything], "in between: the buckets with stack and provider"
    assert "kitchen" in done.stdout.partition("Policies:")[2]


@pytest.mark.parametrize(
    ("words", "texts"),
    [
        (["preview", "STACK=prod"], ["objects to make: 4 tenants", "policies: passed"]),
        (["policy"], ["dev    passed", "prod   passed"]),
    ],
)
def test_make_commands_end_by_themselves(words: list[str], texts: list[str], tmp_path: Path) -> None:
    """Also with a terminal that nobody types on: standard input stays open, and nothing asks there."""
    process = subprocess.Popen(
        ["make", "--no-print-directory", *words],
        cwd=REPOSITORY,
        env=os.environ | {"KITCHEN_DIRECTORY": str(tmp_path), "MAKEFLAGS": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = process.stdout.read()
    assert process.wait(timeout=120) == 0, said
    for text in texts:
        assert text in said


def test_make_says_which_stacks_there_are(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.local", "preview", "--stack", "staging", "--directory", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "STACK=staging: there is no Pulumi.staging.yaml; known: dev, prod; example: STACK=dev" in done.stderr
    assert list(tmp_path.iterdir()) == []
