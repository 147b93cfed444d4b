"""A state as one side's versions would have recorded it, without any cluster: nothing is left that they would change.

A preview of an empty stack says what every resource would be. That becomes the state; what a provider would have
answered (a password, a bucket's name) has a fixed stand-in. With these known, a second preview says what hangs on
them, and so on, until a preview changes nothing. Settings hold no secret here, so that none is in the state.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.object_store.minio.users import policy_sum
from tools.engine.checkpoints import WITHOUT
from tools.engine.outcome import SAME
from tools.local.offline import offline_workspace
from tools.local.workspace import Workspace
from tools.own_file import text
from tools.upgrade.errors import UpgradeError
from tools.upgrade.sides import Side

ROUNDS = 6
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine writes a value that is not known before it is applied (sdk/go/common/resource/plugin/rpc.go)."""
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a constant of the engine, by which it marks secrets
_STAND_IN = "stand-in-for-what-is-random-00"
_ID = "settled"
_MASKED = "[secret]"
"""What a preview shows in place of a secret."""
_ENGINE_S = "__internal"
"""Key of a provider's inputs that a preview shows and no state has."""

Steps = Sequence[dict[str, Any]]


class SideWorkspace(Workspace):
    """A workspace whose engine, providers and packages are those of one side."""

    side: Side

    def environment(self) -> dict[str, str]:
        """The environment of the side's own tools."""
        return super().environment() | dict(self.side.environment)


def workspace_of(side: Side, stack: str, folder: Path, project: Path) -> SideWorkspace:
    """A stack that is compared with a state and never with a cluster: its kubeconfig leads nowhere."""
    nowhere = offline_workspace(stack, folder).kubeconfig
    made = SideWorkspace(folder, stack, nowhere, project)
    made.side = side
    return made


def settle(workspace: SideWorkspace) -> Steps:
    """Prepare the stack and settle its state; returns the last preview's steps. Raises UpgradeError.

    Steps that are not `same` there are those that these versions would change with every run.
    """
    workspace.prepare({})
    steps = planned(workspace)
    for _ in range(ROUNDS):
        if all(step["op"] == SAME for step in steps):
            break
        record(workspace, steps)
        before, steps = steps, planned(workspace)
        if steps == before:
            break
    return steps


def record(workspace: SideWorkspace, steps: Steps) -> None:
    """Make the stack's state what it would be after these steps."""
    state = workspace.exported()
    state["deployment"]["resources"] = resources(steps)
    workspace.imported(state)


def planned(workspace: SideWorkspace) -> Steps:
    """The steps of a preview without policies; raise UpgradeError with what the engine said.

    A preview hides secrets in its steps, and writes them into its plan: of what has just changed they are taken from
    there, so that a state can be made of them.
    """
    with tempfile.TemporaryDirectory(dir=workspace.folder) as folder:
        plan = Path(folder) / "plan.json"
        words = ["pulumi", "preview", "--json", "--show-sames", "--show-secrets", "--save-plan", str(plan)]
        words += ["--stack", workspace.stack, "--config-file", str(workspace.config_file), "--non-interactive"]
        done = subprocess.run(
            words,
            cwd=workspace.project,
            env=workspace.environment() | WITHOUT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        steps = _told(workspace, done)
        plans = json.loads(text(plan))["resourcePlans"]
    before = {str(entry["urn"]): entry.get("inputs") or {} for entry in workspace.latest().get("resources") or []}
    for step in steps:
        if (state := step.get("newState")) and _MASKED in json.dumps(state.get("inputs")):
            urn = str(step["urn"])
            changed = ((plans.get(urn) or {}).get("goal") or {}).get("inputDiff") or {}
            plain = {**before.get(urn, {}), **(changed.get("adds") or {}), **(changed.get("updates") or {})}
            state["inputs"] = {key: plain.get(key, value) for key, value in state["inputs"].items()}
    return steps


def _told(workspace: SideWorkspace, done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    start = done.stdout.find("{")
    try:
        told = json.loads(done.stdout[start:]) if start >= 0 else {}
    except ValueError:
        told = {}
    if done.returncode != 0 or "steps" not in told:
        said = [entry["message"].strip() for entry in told.get("diagnostics", []) if entry.get("severity") == "error"]
        raise UpgradeError(
            f"{workspace.stack}: the preview with the versions of the {workspace.side.name} failed:\n"
            + "\n".join(said or [done.stderr.strip() or f"the engine ended with status {done.returncode}"])
        )
    steps: list[dict[str, Any]] = told["steps"]
    return steps


def resources(steps: Steps) -> list[dict[str, Any]]:
    """The state after these steps, each resource with a stand-in for what only its provider can tell."""
    found = [_resource(step["newState"]) for step in steps if step.get("newState")]
    known = {entry["urn"] for entry in found}
    made: list[dict[str, Any]] = []
    for entry in found:
        if provider := entry.get("provider"):
            urn, _, _ = str(provider).rpartition("::")
            entry["provider"] = f"{urn}::{_ID}"
            if urn not in known:  # a preview does not tell of providers that nobody declares
                known.add(urn)
                made.append(_default_provider(urn))
        made.append(entry)
    return made


def _default_provider(urn: str) -> dict[str, Any]:
    """The engine names it after its version: `default_4_21_4`, or `default` where none was asked for."""
    kind, _, name = urn.rpartition("::")
    version = name.removeprefix("default").removeprefix("_").replace("_", ".")
    inputs = {"version": version} if version else {}
    state = {"urn": urn, "custom": True, "id": _ID, "type": kind.rpartition("::")[2], "inputs": inputs}
    return {**state, "outputs": inputs}


def _resource(state: Mapping[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in state.items() if key not in ("outputs", "id", "sourcePosition", "stackTrace")}
    inputs = _known({key: value for key, value in (state.get("inputs") or {}).items() if key != _ENGINE_S})
    made["inputs"] = inputs
    kind = str(state["type"])
    if not state.get("custom"):
        made["outputs"] = _known(state.get("outputs") or {})
        return made
    made["id"] = _ID if kind.startswith("pulumi:providers:") else _id(kind, inputs)
    answered = _known(state.get("outputs") or {})
    made["outputs"] = {**answered, **_answered(kind, inputs)}
    return made


def _id(kind: str, inputs: Mapping[str, Any]) -> str:
    metadata = inputs.get("metadata")
    if kind.startswith("kubernetes:") and isinstance(metadata, Mapping):
        return "/".join(str(metadata[key]) for key in ("namespace", "name") if metadata.get(key))
    return str(inputs.get("bucket") or inputs.get("name") or _ID)


def _answered(kind: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What the provider itself adds: its own copy of the inputs, or a value that is random."""
    if kind.startswith("kubernetes:"):
        return {**inputs, "__inputs": inputs, "__initialApiVersion": inputs.get("apiVersion", "")}
    if kind.startswith("random:"):
        result = {_SIGNATURE: _SECRET, "plaintext": json.dumps(_STAND_IN)}
        return {**inputs, "result": result, "bcryptHash": result}
    if kind.endswith(":MinioUser"):
        return {**inputs, "policySha256": policy_sum(inputs)}
    return dict(inputs)


def _known(value: Any) -> Any:
    """The value without the parts that are not known."""
    if isinstance(value, Mapping):
        return {key: _known(part) for key, part in value.items() if part != _UNKNOWN}
    if isinstance(value, list):
        return [_known(part) for part in value if part != _UNKNOWN]
    return value
