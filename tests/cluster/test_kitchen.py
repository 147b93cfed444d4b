"""`make up` for real: dev comes up Ready, a second time changes nothing, and only verified adapters are served."""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.catalog import load_catalog
from infra.load import read_stack_file
from ops.store import client as ops_client
from tests.cluster.support.containers import key_in, process_of
from tests.cluster.support.environments import make, objects, recorded, summary
from tests.cluster.support.kubectl import Kubectl, eventually, is_ready
from tests.support.documents import fences
from tools.cluster.processes import strays
from tools.engine.checkpoints import WITHOUT
from tools.local.errors import LocalError
from tools.local.logs import LOGS, Log
from tools.local.places import NEXT
from tools.local.screen import Screen
from tools.local.up import LocalKitchen
from tools.local.workspace import REPOSITORY

KEYS = {"ACCESS_KEY": "ACCESS_KEY_ID", "SECRET_KEY": "SECRET_ACCESS_KEY"}
NAMESPACE, NAME = "helpdesk-dev", "support"
HOT_NAMESPACE, HOT = "sales-dev", "summary"
FAQ = "helpdesk-faq/v2026-02-01"


@pytest.fixture(scope="module")
def first_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalKitchen, str]]:
    """The dev environment as a first `make up` leaves it, and what that said. Who changes it puts it back."""
    folder = tmp_path_factory.mktemp("kitchen")
    said = make("up", folder)
    kitchen = LocalKitchen(folder)
    with kitchen.cluster:  # it runs already: this sets the guard that ends it if the tests are killed
        yield kitchen, said
        kitchen.down()


@pytest.fixture(scope="module")
def kitchen(first_up: tuple[LocalKitchen, str]) -> LocalKitchen:
    return first_up[0]


@pytest.fixture(scope="module")
def kube(kitchen: LocalKitchen) -> Kubectl:
    return Kubectl(kitchen.cluster.kubeconfig)


def reader_key(kube: Kubectl) -> dict[str, str]:
    return key_in(kube, NAMESPACE, f"{NAME}-lora-reader")


def test_up_ends_with_every_kitchen_ready_and_a_table_of_what_is_where(
    first_up: tuple[LocalKitchen, str], kube: Kubectl
) -> None:
    _, said = first_up
    for number in range(1, 6):
        assert f"[{number}/5]" in said
    table = said.partition("\nKITCHEN ")[2]
    rows = {line.split()[0]: line for line in table.splitlines()[1:4]}
    assert set(rows) == {"support", "summary", "search"}
    assert all(" True " in line for line in rows.values()), said
    assert rows["support"].endswith("tsuzumi-7b-instruct, helpdesk-faq, helpdesk-classifier")
    assert {"5 buckets", "2 tenants", "3 kitchens"} <= set(re.findall(r"\d \w+", said)), said
    pods = kube.get("-n", NAMESPACE, "pods", "-l", f"serving.kserve.io/inferenceservice={NAME}")["items"]
    assert [pod["spec"]["nodeName"].rpartition("-")[0] for pod in pods] == ["l40s"]
    assert [entry["name"] for entry in pods[0]["spec"]["initContainers"]] == ["require-base-model", "fetch-adapters"]


def test_a_second_up_changes_nothing(first_up: tuple[LocalKitchen, str]) -> None:
    kitchen, said = first_up
    before = {entry["urn"]: entry.get("id") for entry in recorded(kitchen)["resources"]}
    text = make("up", kitchen.folder)
    assert set(summary(text)) == {"unchanged"}, text
    made = [int(count) for count in re.findall(r"(\d+) objects made", said)]
    assert summary(text)["unchanged"] == sum(made), "the buckets first, then everything else"
    assert {entry["urn"]: entry.get("id") for entry in recorded(kitchen)["resources"]} == before
    log = max((kitchen.folder / LOGS).glob("*-up.log")).read_text()
    assert "update: left out" in log
    assert "pulumi preview" in log
    assert "pulumi up -" not in log


def shape(screen: str) -> list[str]:
    """A screen without what differs from run to run: times, ports, folders and the width of columns."""
    text = re.sub(r"KITCHEN_DIRECTORY=\S+ ", "", screen)
    text = re.sub(r"\S+/(kubeconfigs/admin\.yaml)", r"\1", text)
    text = re.sub(r"(?<!/)\b(?:\d+m)?\d+s\b|(?<=:)\d{4,5}\b", "N", text)
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_the_first_screen_is_that_of_the_readme(first_up: tuple[LocalKitchen, str]) -> None:
    """But for lines that come only where something takes long."""
    _, said = first_up
    (shown,) = (block for block in fences(REPOSITORY / "README.md", "text") if "KITCHEN " in block)
    real = [line for line in shape(said) if not re.search(r"[,:] N$|^waiting: |^cluster: |^toolchain: ", line)]
    assert real == shape(shown)
    assert len(real) <= 24


def test_what_the_screen_says_to_type_next_works(first_up: tuple[LocalKitchen, str]) -> None:
    _, said = first_up
    lines = said.partition(f"\n{NEXT}\n")[2].splitlines()
    assert len(lines) == 3
    assert " make down " in f" {lines[-1]} ", "the tests' own end"
    for line in lines[:-1]:
        done = subprocess.run(["bash", "-ec", line], cwd=REPOSITORY, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "support" in done.stdout or "objects to make" in done.stdout


def test_a_failure_names_the_object_the_server_s_words_and_the_log(kitchen: LocalKitchen) -> None:
    """KServe's manager hangs after the start of the cluster: its webhook does not answer."""
    manager = next(entry.pid for entry in kitchen.cluster.status().components if entry.name == "kserve")
    kitchens = read_stack_file(REPOSITORY / "Pulumi.dev.yaml")["kitchens"]
    kitchens[NAME]["runtime"]["concurrency"] = 16
    kitchen.workspace.prepare({**kitchen.changes(), "kitchens": kitchens})
    kitchen.screen = Screen(1, Log(kitchen.folder, "up"))
    assert manager is not None
    os.kill(manager, signal.SIGSTOP)
    try:
        with pytest.raises(LocalError) as raised:
            kitchen._engine_up()
    finally:
        os.kill(manager, signal.SIGCONT)
    lines = str(raised.value).splitlines()
    assert len(lines) < 15, raised.value
    assert re.match(rf"(InferenceService {NAMESPACE}/{NAME}|ServingRuntime {NAMESPACE}/{NAME}-vllm): ", lines[0]), lines
    assert "failed calling webhook" in str(raised.value)
    assert f"seen in the cluster: kserve (process {manager}) does not answer" in str(raised.value)
    (log,) = re.findall(r"all that was said: (\S+)", lines[-1])
    assert "failed calling webhook" in Path(log).read_text()
    assert set(summary(make("up", kitchen.folder))) <= {"unchanged", "updated"}


def test_preview_of_what_is_up_shows_no_change(kitchen: LocalKitchen) -> None:
    assert set(summary(make("preview", kitchen.folder))) == {"unchanged"}


def init_container(kube: Kubectl, name: str, folders: dict[str, Path]) -> subprocess.CompletedProcess[str]:
    pod = kube.get("-n", NAMESPACE, "pods", "-l", f"serving.kserve.io/inferenceservice={NAME}")["items"][0]["spec"]
    (container,) = (entry for entry in pod["initContainers"] if entry["name"] == name)
    return process_of(kube, NAMESPACE, pod, container, folders).run()


def fetch(kube: Kubectl, folder: Path) -> subprocess.CompletedProcess[str]:
    """Do what the kitchen's init container does."""
    return init_container(
        kube, "fetch-adapters", {"adapters-manifest": folder / "config", "adapters": folder / "adapters"}
    )


def test_the_load_brings_the_base_model_with_its_own_key_and_the_server_asks_for_its_marker(
    kitchen: LocalKitchen, kube: Kubectl, tmp_path: Path
) -> None:
    jobs = kube.get("-n", NAMESPACE, "jobs")["items"]
    assert [job["status"]["succeeded"] for job in jobs] == [1, 1], "of the kitchens support and search"
    (job,) = (job for job in jobs if "tsuzumi" in job["metadata"]["name"])
    pod = job["spec"]["template"]["spec"]
    ref = "tsuzumi-7b-instruct/v1"
    check = {"base-model-manifest": tmp_path / "check", "base-model": tmp_path / "models"}
    load = {"manifest": tmp_path / "config", "models": tmp_path / "models"}
    done = process_of(kube, NAMESPACE, pod, pod["containers"][0], load).run()
    assert done.returncode == 0, done.stderr
    there = {path.name: path.stat().st_size for path in (tmp_path / "models" / "base" / ref).iterdir()}
    assert there.pop(".kitchen-complete.json")
    assert there == {file.path: file.size_bytes for file in load_catalog().base_models[ref].files}
    assert init_container(kube, "require-base-model", check).returncode == 0

    reader = key_in(kube, NAMESPACE, "base-tsuzumi-7b-instruct-v1-loader")
    names = {f"KITCHEN_OBJECT_STORE_{name}": reader[f"AWS_{key}"] for name, key in KEYS.items()}
    client = ops_client(kitchen.cluster.minio_endpoint, "us-east-1", names)
    for key in ("base/llama-3-8b-instruct/v1/config.json", "other"):
        with pytest.raises(ClientError, match="AccessDenied"):
            client.get_object(Bucket="dev-models", Key=key)
    with pytest.raises(ClientError, match="AccessDenied"):
        client.put_object(Bucket="dev-models", Key=f"base/{ref}/config.json", Body=b"x")


def test_the_init_container_fetches_what_the_catalog_says_and_nothing_else(
    kitchen: LocalKitchen, kube: Kubectl, tmp_path: Path
) -> None:
    done = fetch(kube, tmp_path)
    assert done.returncode == 0, done.stderr
    adapters = load_catalog().adapters
    for ref in ("helpdesk-faq/v2026-02-01", "helpdesk-classifier/v2026-02-01"):
        there = {path.name: path.stat().st_size for path in (tmp_path / "adapters" / ref.split("/")[0]).iterdir()}
        assert there == {file.path: file.size_bytes for file in adapters[ref].files}

    key, name = "helpdesk-faq/v2026-02-01/adapter_model.safetensors", "adapter_model.safetensors"
    client = kitchen.store_client()
    content = bytearray((tmp_path / "adapters" / "helpdesk-faq" / name).read_bytes())
    content[len(content) // 2] ^= 1
    written = client.put_object(Bucket="dev-lora", Key=key, Body=bytes(content))
    try:
        done = fetch(kube, tmp_path / "again")
    finally:
        client.delete_object(Bucket="dev-lora", Key=key, VersionId=written["VersionId"])
    assert done.returncode == 1
    assert f"fault: dev-lora/{key}: sha256 " in done.stderr
    assert {path.name for path in (tmp_path / "again" / "adapters").iterdir()} == {"helpdesk-classifier"}


def test_secrets_are_nowhere_in_clear_text(first_up: tuple[LocalKitchen, str], kube: Kubectl) -> None:
    kitchen, said = first_up
    secrets = [kitchen.cluster.minio_secret_key, reader_key(kube)["AWS_SECRET_ACCESS_KEY"]]
    secrets += [base64.b64encode(text.encode()).decode() for text in secrets]
    logs = kitchen.cluster.directory / "logs"
    places = (kitchen.workspace.folder, logs, kitchen.folder / LOGS)
    assert "Previewing update" in "".join(path.read_text() for path in places[-1].iterdir())
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    assert len(files) > 10
    texts = {path: path.read_text(errors="replace") for path in files} | {Path("output of make up"): said}
    assert [path for path, text in texts.items() if any(secret in text for secret in secrets)] == []


def test_a_store_that_is_down_is_one_message_and_the_next_up_goes_on(
    kitchen: LocalKitchen, kube: Kubectl, capfd: pytest.CaptureFixture[str]
) -> None:
    """The store dies between the start of the cluster and the update that needs it."""
    before = objects(kube)
    victim = next(entry.pid for entry in kitchen.cluster.status().components if entry.name == "minio")
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    store = {**kitchen.changes()["objectStore"], "expireNoncurrentDays": 31}
    kitchen.workspace.prepare({"objectStore": store})
    options = ("--yes", "--skip-preview")
    assert kitchen.workspace.engine("up", *options, extra=kitchen.credentials()) != 0
    said = "".join(capfd.readouterr())
    assert f"object store {store['endpoint']} cannot be reached; tried: setting up bucket dev-" in said
    assert "Traceback" not in said
    assert kitchen.cluster.minio_secret_key not in said
    text = make("up", kitchen.folder)
    assert "found broken, starting again: minio: ended" in text
    assert objects(kube) == before
    assert set(summary(make("preview", kitchen.folder))) == {"unchanged"}


def test_prod_as_it_is_rendered_is_admitted_and_becomes_ready(kitchen: LocalKitchen, kube: Kubectl) -> None:
    make("render", kitchen.folder, "STACK=prod")
    rendered = kitchen.folder / "rendered" / "prod"
    namespaces = [str(path) for path in rendered.rglob("*.yaml") if "\nkind: Namespace\n" in path.read_text()]
    assert len(namespaces) == 4 + 1, "those of the tenants, and that of the entry"
    apply = ("apply", "--server-side", "--validate=strict", *[f"--filename={path}" for path in namespaces])
    kube(*apply)
    try:
        kube("apply", "--server-side", "--validate=strict", "--recursive", f"--filename={rendered}")
        services = kube.get("inferenceservices", "-A", "-l", "kitchen.example.com/environment=prod")["items"]
        assert len(services) == 4
        kube("wait", "inferenceservices", "-A", "-l", "kitchen.example.com/environment=prod",
             "--for=condition=Ready", "--timeout=300s")  # fmt: skip
        served = "kitchen.example.com/environment=prod,serving.kserve.io/inferenceservice"

        def placed() -> list[Any]:
            """A kitchen is Ready with one of its two pods; the other one may still look for its node."""
            found = kube.get("pods", "-A", "-l", served)["items"]
            return found if len(found) == 8 and all(pod["spec"].get("nodeName") for pod in found) else []

        eventually(placed, "two pods of each kitchen have nodes")
        pods = placed()
        nodes = [pod["spec"]["nodeName"].rpartition("-")[0] for pod in pods]
        assert sorted(nodes) == ["h100"] * 2 + ["l40s"] * 6
        places = {(pod["metadata"]["namespace"], pod["spec"]["nodeName"]) for pod in pods}
        assert len(places) == 8, "the two pods of a kitchen are on two nodes"
        prod = ("-A", "-l", "kitchen.example.com/environment=prod")
        budgets = kube.get("poddisruptionbudgets", *prod)["items"]
        eventually(
            lambda: (
                [b["status"].get("disruptionsAllowed") for b in kube.get("poddisruptionbudgets", *prod)["items"]]
                == [1] * (4 + 1)
            ),
            f"each of {len(budgets)} budgets lets one pod go",
        )
    finally:
        kube("delete", "namespace", "-l", "kitchen.example.com/environment=prod", "--wait=false")


def deployment(kube: Kubectl) -> Any:
    return kube.get("-n", HOT_NAMESPACE, "deployment", f"{HOT}-predictor")


def running(kube: Kubectl) -> list[tuple[str, str]]:
    pods = kube.get("-n", HOT_NAMESPACE, "pods", "-l", f"serving.kserve.io/inferenceservice={HOT}")["items"]
    return [(pod["metadata"]["name"], pod["metadata"]["uid"]) for pod in pods]


def test_kserve_keeps_the_sidecar_with_its_probe_and_volumes(kitchen: LocalKitchen, kube: Kubectl) -> None:
    assert is_ready(kube, HOT_NAMESPACE, HOT)
    pod = deployment(kube)["spec"]["template"]["spec"]
    containers = {entry["name"]: entry for entry in pod["containers"]}
    assert list(containers) == ["kserve-container", "reconcile-adapters"]
    server, sidecar = containers.values()
    assert sidecar["readinessProbe"]["httpGet"] == {"path": "/ready", "port": 8081, "scheme": "HTTP"}
    assert sidecar["securityContext"]["readOnlyRootFilesystem"]
    assert "--middleware=payload.guard_updates.UpdateGuard" in server["args"]
    assert server["workingDir"] == "/etc/kitchen/hot", "the middleware is imported from there"
    assert "--lora-modules" not in server["args"]
    assert "--enable-lora" in server["args"]
    env = {entry["name"]: entry.get("value") for entry in server["env"]}
    assert env["VLLM_ALLOW_RUNTIME_LORA_UPDATING"] == "True"
    assert env["HF_HUB_OFFLINE"] == "1", "the runtime's environment is still there"
    writable = {m["name"] for m in server["volumeMounts"] if not m.get("readOnly")}
    assert writable == {"shared-memory", "scratch"}
    volumes = {entry["name"]: entry for entry in pod["volumes"]}
    assert {"adapters", "declared-adapters", "hot-scripts", "update-token"} <= set(volumes)
    assert volumes["store-key"]["secret"]["secretName"] == "summary-lora-reader"
    assert [c["name"] for c in containers.values() if "store-key" in str(c["volumeMounts"])] == ["reconcile-adapters"]
    assert "secretKeyRef" not in str(pod)
    assert [entry["name"] for entry in pod["initContainers"]] == ["require-base-model"]
    static = kube.get("-n", "helpdesk-dev", "deployment", "support-predictor")["spec"]["template"]["spec"]
    assert len(static["containers"]) == 1
    assert "VLLM_ALLOW_RUNTIME_LORA_UPDATING" not in str(static)


def up(kitchen: LocalKitchen, *more_adapters: str, generation: int = 1) -> None:
    kitchens = read_stack_file(REPOSITORY / "Pulumi.dev.yaml")["kitchens"]
    kitchens[HOT]["adapters"] += more_adapters
    store = {**kitchen.changes()["objectStore"], "keyGeneration": generation}
    kitchen.workspace.prepare({"objectStore": store, "kitchens": kitchens})
    options = ("--yes", "--skip-preview", "--suppress-outputs")
    assert kitchen.workspace.engine("up", *options, extra=kitchen.credentials() | WITHOUT) == 0


def test_one_more_adapter_and_one_less_change_no_pod(kitchen: LocalKitchen, kube: Kubectl) -> None:
    before, pods = deployment(kube), running(kube)
    for more in ([FAQ], []):
        up(kitchen, *more)
        after = deployment(kube)
        assert after["spec"]["template"] == before["spec"]["template"]
        assert after["metadata"]["generation"] == before["metadata"]["generation"]
        assert running(kube) == pods
        declared = kube.get("-n", HOT_NAMESPACE, "configmap", f"{HOT}-declared-adapters")
        assert ('"helpdesk-faq"' in declared["data"]["manifest.json"]) == bool(more)
        assert not declared.get("immutable")


def test_another_generation_of_keys_changes_no_pod(kitchen: LocalKitchen, kube: Kubectl) -> None:
    """The Secret that the sidecar's folder shows has the new key; the old one reads nothing any more."""

    def key() -> dict[str, str]:
        secret = kube.get("-n", HOT_NAMESPACE, "secret", f"{HOT}-lora-reader")["data"]
        return {name: base64.b64decode(value).decode() for name, value in secret.items()}

    before, pods, first = deployment(kube), running(kube), key()
    for generation in (2, 1):
        up(kitchen, generation=generation)
        after, second = deployment(kube), key()
        assert after["metadata"]["generation"] == before["metadata"]["generation"]
        assert running(kube) == pods
        names = [{f"KITCHEN_OBJECT_STORE_{short}": one[f"AWS_{long}"] for short, long in KEYS.items()}
                 for one in (first, second)]  # fmt: skip
        old, new = (ops_client(kitchen.cluster.minio_endpoint, "us-east-1", one) for one in names)
        place = {"Bucket": "dev-lora", "Key": "sales-summary/v2026-03-15/adapter_config.json"}
        assert new.get_object(**place)["ContentLength"] > 0
        with pytest.raises(ClientError, match="InvalidAccessKeyId"):
            old.get_object(**place)
        first = second


def test_down_removes_all_of_it(kitchen: LocalKitchen) -> None:
    """Last in this module: the fixtures' own `down` finds nothing left to do."""
    make("down", kitchen.folder)
    assert strays(kitchen.cluster.directory) == []
    assert not kitchen.cluster.directory.exists()
    left = [path.name for path in kitchen.folder.iterdir()] if kitchen.folder.is_dir() else []
    assert set(left) <= {"rendered"}  # for review, where another test has rendered
