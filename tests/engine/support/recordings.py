"""Event logs of the real engine, made small, for the unit tests of what people are shown.

`python -m tests.engine.support.recordings` writes them anew. Of a resource's inputs only what a report reads is kept.
"""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infra.load import read_stack_file
from tests.support.lines import json_lines
from tests.support.programs import program
from tools.engine.follow import OPTION, SWITCH
from tools.local.engine_process import run_engine
from tools.local.workspace import POLICY_PACK, REPOSITORY, Workspace
from tools.toolchain import PREVIEW, ensure

FOLDER = REPOSITORY / "tests" / "unit" / "tools" / "engine" / "recordings"
_KINDS = (
    "resourcePreEvent", "resOutputsEvent", "resOpFailedEvent", "diagnosticEvent", "policyEvent", "summaryEvent",
    "policyAnalyzeSummaryEvent", "policyAnalyzeStackSummaryEvent",
)  # fmt: skip
DENIED = """
import pulumi
from components.kubernetes_object import KubernetesObject

for name in ("first", "second"):
    KubernetesObject(
        name, api_version="apps/v1", kind="Deployment", metadata={"name": name, "namespace": "team"}, opts=None,
        spec={"selector": {"matchLabels": {"app": name}}, "template": {"metadata": {"labels": {"app": name}},
              "spec": {"containers": [{"name": "app", "image": "nginx:latest"}]}}},
    )
"""


def _one_adapter_more(settings: dict[str, Any]) -> None:
    settings["kitchens"]["support"]["adapters"].append("legal-contract-review/v2026-04-01")
    settings["kitchens"]["summary"]["adapters"].append("helpdesk-faq/v2026-02-01")


def _kitchen_gone(settings: dict[str, Any]) -> None:
    del settings["kitchens"]["summary"]


def _cost_centre(settings: dict[str, Any]) -> None:
    settings["tenants"]["sales"]["costCentre"] = "9999"


def _fault(settings: dict[str, Any]) -> None:
    settings["kitchens"]["support"]["pool"] = "b200"


CHANGES: Mapping[str, Callable[[dict[str, Any]], None]] = {
    "unchanged": lambda settings: None,
    "adapters": _one_adapter_more,
    "kitchen-gone": _kitchen_gone,
    "cost-centre": _cost_centre,
    "fault": _fault,
}


def reduced(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """What of an event a report reads; None of one that says nothing to it."""
    kind = next((kind for kind in _KINDS if kind in event), None)
    if kind is None or event[kind].get("severity") == "debug":
        return None
    body = copy.deepcopy(event[kind])
    if kind.endswith("SummaryEvent") and "passed" in body:
        body = {"passed": body["passed"]}
    if data := body.get("metadata"):
        body.pop("planning", None)
        body["metadata"] = {key: data.get(key) for key in ("op", "urn", "type", "diffs", "detailedDiff")}
        for side in ("old", "new") if kind == "resourcePreEvent" else ():
            body["metadata"][side] = _state(data.get(side), data.get("detailedDiff") or {})
    return {kind: body}


def _state(state: Mapping[str, Any] | None, differing: Mapping[str, Any]) -> dict[str, Any] | None:
    if state is None:
        return None
    inputs, kept = state.get("inputs") or {}, {}
    if isinstance(metadata := inputs.get("metadata"), dict):
        labels = {
            key: value for key, value in metadata.get("labels", {}).items() if any(key in path for path in differing)
        }
        kept["metadata"] = {key: metadata.get(key) for key in ("name", "namespace")} | {"labels": labels}
    if "bucket" in inputs:
        kept["bucket"] = inputs["bucket"]
    manifest = (inputs.get("data") or {}).get("manifest.json") if isinstance(inputs.get("data"), dict) else None
    if isinstance(manifest, str) and "adapters" in manifest:
        adapters = [{key: entry[key] for key in ("name", "version")} for entry in json.loads(manifest)["adapters"]]
        kept["data"] = {"manifest.json": json.dumps({"adapters": adapters})}
    return {"parent": state.get("parent"), "inputs": kept}


def record(workspace: Workspace, name: str, command: str, *options: str) -> None:
    """Run the engine and write its reduced events."""
    events = workspace.folder / f"{name}.jsonl"
    words = ["pulumi", command, "--stack", workspace.stack, "--config-file", str(workspace.config_file)]
    words += ["--non-interactive", "--policy-pack", str(POLICY_PACK), *options, OPTION, str(events)]
    status = run_engine(
        words, workspace.project, workspace.environment() | SWITCH, log=workspace.folder / "log", echo=False
    )
    lines = [reduced(event) for event in json_lines(events)]
    told = [json.dumps(line, separators=(",", ":")) for line in lines if line is not None]
    text = "".join(f"{line}\n" for line in dict.fromkeys(told)).replace(str(workspace.folder), "/kitchen")
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.jsonl").write_text(text.replace(str(REPOSITORY), "/kitchen"))
    print(f"{name}: status {status}, {len(text) // 1024} KiB")


def main() -> None:
    """Record a first update without a cluster, and previews of changes after it."""
    ensure(PREVIEW)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        workspace = Workspace(folder, "dev", None)
        settings = read_stack_file(REPOSITORY / "Pulumi.dev.yaml") | {"renderTo": str(folder / "objects")}
        workspace.prepare(settings)
        record(workspace, "first", "up", "--yes", "--skip-preview")
        for name, change in CHANGES.items():
            changed = copy.deepcopy(settings)
            change(changed)
            workspace.prepare(changed)
            record(workspace, name, "preview")
        sample = program(folder / "sample", DENIED, {})
        sample.prepare({})
        record(sample, "denied", "preview")


if __name__ == "__main__":
    main()
