"""`kitchen audit` on a cluster and a state that are as declared, and on each with one thing changed."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread
from unittest.mock import ANY

import pytest

from infra.catalog import load_catalog
from infra.declared import Declared, declared
from infra.load import settings_from_file
from ops.__main__ import main
from ops.audit.cluster import RESOURCES, Cluster
from ops.audit.live import object_rows, undeclared_rows
from ops.audit.pods import pod_rows
from ops.audit.verdicts import Verdict
from ops.models_options import TOKEN
from ops.store import ACCESS_KEY, SECRET_KEY
from tests.support.quiet_server import QuietServer
from tests.unit.support import tampering
from tests.unit.support.audited import SETTINGS, Items, as_declared, exported, live, one, pod_of, show, write_kubectl
from tests.unit.support.exposition import samples
from tests.unit.support.tampering import container, pod

CANARY = "canary-that-nobody-may-see"


@pytest.fixture(scope="module")
def said() -> Declared:
    return as_declared()


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kubectl that shows what a test puts beside it, and no key to any store."""
    folder = tmp_path / "bin"
    write_kubectl(folder, sys.executable)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    for name in (ACCESS_KEY, SECRET_KEY, TOKEN):
        monkeypatch.delenv(name, raising=False)
    return folder


def write_state(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content))
    return path


def rows(capsys: pytest.CaptureFixture[str], *words: str, status: int) -> list[dict[str, str]]:
    assert main(["audit", "--settings", str(SETTINGS), "--json", *words]) == status
    captured = capsys.readouterr()
    assert CANARY not in captured.out + captured.err
    found: list[dict[str, str]] = json.loads(captured.out)["rows"]
    return found


def verdicts(found: list[dict[str, str]], verdict: str) -> set[tuple[str, str, str]]:
    return {(row["kitchen"], row["what"], row["where"]) for row in found if row["verdict"] == verdict}


def test_what_is_as_declared_is_proven_and_what_was_not_looked_at_is_not(
    said: Declared, bin_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show(bin_folder, live(said))
    state = write_state(tmp_path / "state.json", exported(said))
    found = rows(capsys, "--state", str(state), status=3)
    assert verdicts(found, "differs") == set()
    open_rows = [row for row in found if row["verdict"] == "not proven"]
    assert {row["where"] for row in open_rows} == {"bucket", "server"}
    assert all(row["why"].startswith("not asked: ") for row in open_rows)
    proven = verdicts(found, "proven")
    for where in ("state", "cluster"):
        assert ("support", "InferenceService support", where) in proven
    assert ("support", "image of kserve-container", "pods") in proven
    assert ("summary", "adapter sales-summary/v2026-03-15", "pods") in proven
    assert ("-", "other pods", "sales-dev") in proven
    rows(capsys, "--state", str(state), "--allow-unproven", status=0)


class _Empty(BaseHTTPRequestHandler):
    """A store that has every bucket and no object."""

    def do_HEAD(self) -> None:
        """Answer for a bucket, and for a key."""
        self.send_response(404 if self.path.strip("/").count("/") else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def store(bin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, ...]]:
    """Options for an audit that asks a store, with keys to it."""
    for name in (ACCESS_KEY, SECRET_KEY):
        monkeypatch.setenv(name, CANARY)
    with QuietServer(("127.0.0.1", 0), _Empty) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield ("--endpoint", f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


def test_numbers_are_those_of_the_table(
    said: Declared, bin_folder: Path, store: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = live(said)
    tampering.argument(items)
    show(bin_folder, items)
    file = tmp_path / "kitchen.prom"
    found = rows(capsys, "--metrics", str(file), *store, status=1)
    told = samples(file)
    assert told.pop(("kitchen_audit_completed_timestamp_seconds", "dev")) > 0
    for kitchen in ("support", "summary", "-"):
        for verdict in ("proven", "differs", "not proven"):
            number = sum(row["kitchen"] == kitchen and row["verdict"] == verdict for row in found)
            labels = (kitchen.strip("-"), verdict.replace(" ", "_"))
            assert sum(v for (_, _, name, _, word), v in told.items() if (name, word) == labels) == number
    assert {place for _, _, _, place, _ in told} == {"cluster", "state", "pods", "bucket", "server", "undeclared"}
    bad = main(["audit", "--settings", str(SETTINGS), "--metrics", str(file), "--models", "nobody=x"])
    assert (bad, samples(file)) == (2, {**told, ("kitchen_audit_completed_timestamp_seconds", "dev"): ANY})


def test_an_audit_that_could_not_look_tells_no_numbers(
    bin_folder: Path,
    store: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    show(bin_folder, live(as_declared()))
    file, absent = tmp_path / "kitchen.prom", tmp_path / "absent.prom"
    rows(capsys, "--metrics", str(file), *store, status=1)
    before = file.read_bytes()
    show(bin_folder, live(as_declared()), forbidden=("Job",))
    for path in (file, absent):
        assert main(["audit", "--settings", str(SETTINGS), "--metrics", str(path), *store]) == 1
        assert re.search(rf"--metrics {path}: not written, \d+ lines are out of reach", capsys.readouterr().err)
    show(bin_folder, live(as_declared()))
    monkeypatch.setenv("AWS_PROFILE", "nobody-has-this-one")
    assert main(["audit", "--settings", str(SETTINGS), "--metrics", str(file)]) == 3
    told = capsys.readouterr()
    assert "out of reach: object store" in told.out and "canary" not in told.out + told.err
    assert file.read_bytes() == before and not absent.exists()


def test_an_audit_whose_keys_are_gone_tells_no_numbers(
    bin_folder: Path,
    store: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A schedule without its Secret would otherwise say for ever that it has just looked at everything."""
    show(bin_folder, live(as_declared()))
    file = tmp_path / "kitchen.prom"
    rows(capsys, "--metrics", str(file), *store, status=1)
    before = file.read_bytes()
    for name in (ACCESS_KEY, SECRET_KEY):
        monkeypatch.delenv(name)
    for words in ((), ("--allow-unproven",)):
        main(["audit", "--settings", str(SETTINGS), "--metrics", str(file), *words, *store])
        told = f"--metrics {file}: not written, the store was not asked: {ACCESS_KEY} and {SECRET_KEY} are not set"
        assert told in capsys.readouterr().err
        assert file.read_bytes() == before


def test_numbers_that_cannot_be_written_take_no_table_away(
    said: Declared, bin_folder: Path, store: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show(bin_folder, live(said))
    assert main(["audit", "--settings", str(SETTINGS), "--metrics", str(tmp_path / "no" / "x.prom"), *store]) == 2
    told = capsys.readouterr()
    assert "InferenceService support" in told.out and "--metrics: " in told.err


def test_nothing_at_all_proves_nothing(
    bin_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (bin_folder / "kubectl").write_text(
        "#!/bin/sh\necho 'E1 noise' >&2\necho 'The connection was refused' >&2\nexit 1\n"
    )
    found = rows(capsys, status=3)
    assert {row["verdict"] for row in found} == {"not proven"}
    assert "out of reach: The connection was refused" in {row["why"] for row in found}
    monkeypatch.setenv("PATH", "")
    found = rows(capsys, status=3)
    assert {row["verdict"] for row in found} == {"not proven"}
    assert "out of reach: kubectl cannot be started: No such file or directory" in {row["why"] for row in found}


def test_a_kind_that_may_not_be_read_hides_no_other(
    said: Declared, bin_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show(bin_folder, live(said), forbidden=("Job",))
    found = rows(capsys, status=3)
    hidden = {row["what"].split()[0] for row in found if "Job is forbidden" in row["why"]}
    assert hidden == {"Job", "base"}
    assert ("support", "InferenceService support", "cluster") in verdicts(found, "proven")


def test_no_pods_are_nothing_to_see(said: Declared, bin_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show(bin_folder, [entry for entry in live(said) if entry["kind"] != "Pod"])
    found = rows(capsys, status=3)
    assert {row["why"] for row in found if row["where"] == "pods"} == {"nothing to see: no pod of it is there"}


LIST = "ConfigMap support-adapters-*"
FAQ = ("support", "adapter helpdesk-faq/v2026-02-01", "pods")
CLASSIFIER = ("support", "adapter helpdesk-classifier/v2026-02-01", "pods")
CHANGES = [
    (tampering.image, {("support", "image of kserve-container", "pods")}),
    (tampering.other_digest, {("support", "image of kserve-container", "pods")}),
    (tampering.argument, {("support", "containers", "pods")}),
    (tampering.variable, {("support", "containers", "pods")}),
    (tampering.volume, {("support", "containers", "pods")}),
    (tampering.other_file, {("support", "containers", "pods"), FAQ, CLASSIFIER}),
    (tampering.other_list, {("support", "containers", "pods"), FAQ, CLASSIFIER}),
    (tampering.debugger, {("support", "containers", "pods")}),
    (tampering.host, {("support", "containers", "pods")}),
    (tampering.account, {("support", "containers", "pods")}),
    (tampering.other_user, {("support", "containers", "pods")}),
    (tampering.names_lead_elsewhere, {("support", "containers", "pods")}),
    (tampering.other_name_servers, {("support", "containers", "pods")}),
    *((change, {("support", "containers", "pods")}) for change in tampering.WITHIN_WHAT_IS_FILLED_IN),
    (tampering.other_scheduler, {("support", "InferenceService support", place) for place in ("cluster", "state")}),
    (tampering.more_files, {("support", LIST, "cluster"), ("support", LIST, "state")}),
    (tampering.other_sum, {FAQ, ("support", LIST, "cluster"), ("support", LIST, "state")}),
    (tampering.other_signers, {FAQ, CLASSIFIER, ("support", LIST, "cluster"), ("support", LIST, "state")}),
    (tampering.more_adapters, {("support", LIST, "cluster"), ("support", LIST, "state")}),
    (tampering.script, {("support", LIST, "cluster"), ("support", LIST, "state")}),
    (tampering.service, {("support", "InferenceService support", place) for place in ("cluster", "state")}),
    (tampering.more_in_service, {("support", "InferenceService support", place) for place in ("cluster", "state")}),
    (tampering.runtime, {("support", "ServingRuntime support-vllm", place) for place in ("cluster", "state")}),
    (tampering.failed, {("support", "base model tsuzumi-7b-instruct/v1", "cluster")}),
    (tampering.gone, {("support", "InferenceService support", place) for place in ("cluster", "state")}),
    (tampering.stranger, {("-", "InferenceService mine", "helpdesk-dev")}),
    (tampering.pod_of_nobody, {("-", "pod shell", "helpdesk-dev")}),
    (tampering.pod_of_another_job, {("-", "pod shell", "helpdesk-dev")}),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES, ids=lambda value: getattr(value, "__name__", ""))
def test_one_change_and_exactly_its_rows_differ(
    change: Callable[[Items], None],
    expected: set[tuple[str, str, str]],
    bin_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = as_declared()
    items = live(said)
    change(items)
    show(bin_folder, items)
    state = write_state(tmp_path / "state.json", exported(said))
    found = rows(capsys, "--state", str(state), status=1)
    (adapters,) = (entry.adapter_list for entry in said.kitchens if entry.name == "support")
    assert adapters is not None
    shown = {
        (kitchen, LIST if what.endswith(adapters.name) else what, at)
        for kitchen, what, at in verdicts(found, "differs")
    }
    assert shown == expected


def test_one_pod_of_several_is_enough_to_differ(
    said: Declared, bin_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = live(said)
    pods = [pod_of(said.kitchens[0]) for _ in range(2)]
    for number, entry in enumerate(pods):
        entry["metadata"]["name"] = f"support-{number + 2}"
    pods[0]["status"]["containerStatuses"][-1]["imageID"] = ""
    show(bin_folder, [*items, pods[0]])
    key = ("support", "image of kserve-container", "pods")
    assert key in verdicts(rows(capsys, status=3), "not proven")
    container(pods[1], "kserve-container")["image"] = "registry.kitchen.example/other:1"
    show(bin_folder, [*items, *pods])
    found = rows(capsys, status=1)
    assert verdicts(found, "differs") == {key}
    assert next(row["found"] for row in found if row["verdict"] == "differs").startswith("support-3: ")


def test_what_openshift_ai_adds_is_told_and_not_called_wrong(
    bin_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    plain = "kitchen:platform: {kind: kubernetes}"
    assert plain in SETTINGS.read_text()
    path.write_text(SETTINGS.read_text().replace(plain, "kitchen:platform: {kind: openshift, openshiftAI: true}"))
    catalog = load_catalog()
    items = live(declared(settings_from_file(path, catalog), catalog))
    pod(items)["spec"]["containers"].append({"name": "proxy", "image": "x"})
    show(bin_folder, items)
    assert main(["audit", "--settings", str(path), "--json"]) == 3
    found = json.loads(capsys.readouterr().out)["rows"]
    (row,) = (row for row in found if (row["kitchen"], row["what"]) == ("support", "containers"))
    assert row["why"] == "nothing to see: what OpenShift AI adds is not known here"
    assert row["found"] == "support-1: with proxy, not declared"


def test_what_the_controller_of_an_llm_service_makes_is_told_and_not_called_wrong(tmp_path: Path) -> None:
    """It adds the model's volume and its own variables: nothing of a sound cluster differs, and little is proven."""
    path = tmp_path / "Pulumi.dev.yaml"
    text = SETTINGS.read_text()
    for plain, changed in (
        ("kitchen:platform: {kind: kubernetes}", "kitchen:platform: {kind: kubernetes, llmInferenceService: true}"),
        ("    support:\n", "    support:\n      api: LLMInferenceService\n"),
    ):
        assert plain in text
        text = text.replace(plain, changed, 1)
    path.write_text(text)
    catalog = load_catalog()
    said = declared(settings_from_file(path, catalog), catalog)
    items = live(said)
    entry = pod(items)
    server = container(entry, "main")
    server["env"] = [one for one in server["env"] if one["name"] != "INFERENCE_SERVICE_NAME"]
    server["env"].append({"name": "VLLM_LOGGING_LEVEL", "value": "INFO"})
    entry["spec"]["initContainers"] = [{"name": "llm-d-routing-sidecar", "image": "registry.example/sidecar:1"}]
    entry["spec"]["volumes"].append({"name": "model-cache", "emptyDir": {}})
    read = {(place, kind): [] for place in said.namespaces for kind in RESOURCES}
    for item in items:
        read[item["metadata"]["namespace"], item["kind"]].append(item)
    cluster = Cluster(read=read)
    kitchen = next(entry for entry in said.kitchens if entry.name == "support")
    found = [*object_rows(kitchen, cluster), *pod_rows(kitchen, cluster), *undeclared_rows(said, cluster)]
    unproven = {row.what: row.finding for row in found if row.finding.verdict is not Verdict.PROVEN}
    assert list(unproven) == ["containers"]
    assert unproven["containers"].verdict is Verdict.NOT_PROVEN
    assert (
        unproven["containers"].why
        == "nothing to see: what the controller of LLMInferenceService adds is not known here"
    )
    assert unproven["containers"].found == "support-1: with llm-d-routing-sidecar, not declared"


def test_what_openshift_and_the_api_server_fill_in_is_no_difference(
    said: Declared, bin_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = live(said)
    filled = {"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "envFrom": []}
    for name in ("kserve-container", "fetch-adapters"):
        entry = container(pod(items), name)
        entry |= filled
        entry["securityContext"] |= {"runAsUser": 1000740000, "seLinuxOptions": {"level": "s0:c27,c14"}}
    labels = {"batch.kubernetes.io/controller-uid": "1"}
    job = one(items, "Job", "base-")["spec"]
    job |= {"selector": {"matchLabels": labels}, "completionMode": "NonIndexed", "suspend": False}
    show(bin_folder, items)
    state = write_state(tmp_path / "state.json", exported(said))
    assert verdicts(rows(capsys, "--state", str(state), status=3), "differs") == set()


def test_a_node_that_tells_no_digest_proves_no_image(
    said: Declared, bin_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = live(said)
    for told, status in zip(("", f"sha256:{'1' * 64}"), pod(items)["status"]["containerStatuses"], strict=False):
        status["imageID"] = told
    show(bin_folder, items)
    whys = {row["why"] for row in rows(capsys, status=3) if row["what"].startswith("image") and row["why"]}
    assert whys == {
        f"nothing to see: the node tells {what}" for what in ("no image ID", "an image ID without a digest")
    }


def test_a_record_that_git_has_left_behind_differs(
    said: Declared, bin_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show(bin_folder, live(said))
    state = exported(said)
    resources = state["deployment"]["resources"]
    runtime = next(entry for entry in resources if entry["type"].endswith(":ServingRuntime"))
    runtime["inputs"]["spec"]["containers"][0]["image"] = "registry.kitchen.example/vllm/vllm-openai:old"
    resources.remove(next(entry for entry in resources if entry["type"].endswith(":Job")))
    service = next(entry for entry in resources if entry["type"].endswith(":InferenceService"))
    service["inputs"]["spec"]["predictor"]["dnsPolicy"] = "None"
    found = rows(capsys, "--state", str(write_state(tmp_path / "state.json", state)), status=1)
    differing = {
        (row["what"].split()[0], row["where"], row["found"][:12]) for row in found if row["verdict"] == "differs"
    }
    recorded = {(kind, "state", "recorded: sp") for kind in ("ServingRuntime", "InferenceService")}
    assert differing == recorded | {("Job", "state", "not recorded")}


def test_every_fault_of_what_was_given_is_told_at_once(
    bin_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    del bin_folder
    monkeypatch.setenv(ACCESS_KEY, "half")
    words = ["--models", "nobody=http://x.example", "--models", f"support=http://u:{CANARY}@x.example"]
    words += ["--models-token-file", str(tmp_path / "none"), "--endpoint", "ftp://x"]
    words += ["--state", str(write_state(tmp_path / "state.json", [CANARY]))]
    assert main(["audit", "--settings", str(SETTINGS), *words]) == 2
    told = capsys.readouterr().err
    assert "audit: 6 faults, nothing was changed" in told
    for part in ("nobody", "--state", "--models-token-file", SECRET_KEY, "--endpoint", "without a user"):
        assert part in told
    assert CANARY not in told
    assert main(["audit", "--settings", str(tmp_path / "none.yaml")]) == 2
    assert "must be a readable YAML file" in capsys.readouterr().err


def test_the_table_has_a_line_for_each_row_and_no_control_characters(
    said: Declared, bin_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = live(said)
    container(pod(items), "kserve-container")["image"] = "evil\x1b[2Jimage"
    show(bin_folder, items)
    assert main(["audit", "--settings", str(SETTINGS)]) == 1
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["KITCHEN", "WHAT", "WHERE", "DECLARED", "FOUND", "VERDICT"]
    assert any("evil\\x1b[2Jimage" in line and line.endswith("differs") for line in table)
    assert ", 1 differs, " in table[-1]
