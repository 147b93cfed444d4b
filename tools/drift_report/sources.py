"""Where a stack's state, cluster and object store are: of your own backend, or of the kitchen on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.catalog import load_catalog
from infra.faults import Fault, FaultsError
from infra.load import settings_from_file
from infra.settings import Settings
from ops.store import ACCESS_KEY, SECRET_KEY
from tools.cluster import ClusterError
from tools.cluster.api import Api
from tools.damaged_error import DamagedError
from tools.drift_report.objects import Way
from tools.kube import Kube, KubeError, through_kubectl
from tools.local.errors import LocalError
from tools.local.up import STACK, LocalKitchen
from tools.local.workspace import FOLDER, REPOSITORY
from tools.pipeline.backend import Backend
from tools.toolchain import PREVIEW, ToolchainError, ensure

_BACKEND = "PULUMI_BACKEND_URL"
_PROVIDER = "pulumi:providers:kubernetes"


@dataclass(frozen=True, kw_only=True)
class Source:
    """One stack: what its state records, and ways to what is there.

    `store` takes the place of the recorded address of the object store; `key` is its administrator's. `cut` says why
    the state may be older than what is there; empty when nothing was interrupted.
    """

    stack: str
    environment: str
    against: str
    resources: Sequence[Mapping[str, Any]]
    settings: Settings
    way: Way
    kitchen: LocalKitchen | None
    store: str | None
    key: tuple[str, str] | None
    cut: str

    @property
    def manager(self) -> str:
        """The name by which the program applies its objects: `<project>-<stack>`, as the URNs have it."""
        stack, project = str(self.resources[0]["urn"]).removeprefix("urn:pulumi:").split("::")[:2]
        return f"{project}-{stack}"

    @contextmanager
    def kube(self, context: str | None) -> Iterator[Kube]:
        """A way to the stack's cluster; `context` of the user's kubeconfig before the recorded one. KubeError."""
        if self.kitchen is not None and context is None:
            try:
                yield Kube(Api(self.kitchen.cluster.kubeconfig))
            except ClusterError as error:
                raise KubeError(str(error)) from error
            return
        provider = next((entry for entry in self.resources if entry["type"] == _PROVIDER), {})
        inputs = provider.get("inputs") or {}
        if "renderYamlToDirectory" in inputs:
            raise KubeError(f"stack {self.stack} is rendered to files, and no cluster is recorded")
        with through_kubectl(context or inputs.get("context")) as transport:
            yield Kube(transport)


def source(stack: str) -> Source:
    """Look for the stack; raise FaultsError, or LocalError for a backend or machine that does not answer."""
    path = REPOSITORY / f"Pulumi.{stack}.yaml"
    if not stack.replace("-", "").isalnum() or not path.is_file():
        known = sorted(file.name.split(".")[1] for file in REPOSITORY.glob("Pulumi.*.yaml"))
        raise _fault(stack, f"there must be a file Pulumi.{stack[:40]}.yaml; known: {', '.join(known)}", known[0])
    if os.environ.get(_BACKEND):
        return of_backend(stack, REPOSITORY, FOLDER)
    kitchen = LocalKitchen(Path(os.environ.get("KITCHEN_DIRECTORY") or FOLDER).absolute())
    if stack != STACK or not kitchen.workspace.exists():
        example = f"export {_BACKEND}=s3://pulumi-state, or `make up` for {STACK} on this machine"
        raise _fault(stack, f"{_BACKEND} must name the backend that holds the stack's state", example)
    return _of_machine(kitchen)


def of_backend(stack: str, project: Path, folder: Path) -> Source:
    """A stack of the backend that the environment names, by the settings in `project`; raise as `source` does."""
    try:
        ensure(PREVIEW)
    except ToolchainError as error:
        raise LocalError(str(error)) from error
    backend = Backend(stack, project, folder)
    settings = settings_from_file(project / f"Pulumi.{stack}.yaml", load_catalog())
    deployment = backend.latest()
    return Source(
        stack=stack,
        environment=settings.environment,
        against=f"what the last update of {stack} recorded in {_BACKEND}",
        resources=_recorded(stack, deployment),
        settings=settings,
        way=Way(command=f"make deploy STACK={stack}"),
        kitchen=None,
        store=None,
        key=_key(os.environ),
        cut=_cut(deployment, unrecorded=backend.journal.read() is not None),
    )


def _of_machine(kitchen: LocalKitchen) -> Source:
    try:
        deployment = kitchen.workspace.latest()
        store = kitchen.cluster.minio_endpoint
        keys = kitchen.credentials()
        settings = settings_from_file(REPOSITORY / f"Pulumi.{STACK}.yaml", load_catalog())
        journal = kitchen.workspace.journal.read()
    except (ClusterError, DamagedError) as error:
        raise LocalError(str(error)) from error
    return Source(
        stack=STACK,
        environment=settings.environment,
        against=f"what the last `make up` recorded in {kitchen.folder}",
        resources=_recorded(STACK, deployment),
        settings=settings,
        way=Way(command="make up"),
        kitchen=kitchen,
        store=store,
        key=_key(keys),
        cut=_cut(deployment, unrecorded=journal is not None),
    )


def _recorded(stack: str, deployment: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    resources: Sequence[Mapping[str, Any]] = deployment.get("resources") or []
    if not resources:
        rule = "its state must record something: nothing was ever deployed by it, so nothing can have drifted"
        raise _fault(stack, rule, f"make deploy STACK={stack}")
    return resources


def _cut(deployment: Mapping[str, Any], *, unrecorded: bool) -> str:
    pending = len(deployment.get("pending_operations") or [])
    if pending:
        return f"an update was cut in {pending} operations, or is still at work"
    return "an update was cut before it recorded what it has done, or is still at work" if unrecorded else ""


def _key(variables: Mapping[str, str]) -> tuple[str, str] | None:
    pair = variables.get(ACCESS_KEY, ""), variables.get(SECRET_KEY, "")
    return pair if all(pair) else None


def _fault(stack: str, rule: str, example: str) -> FaultsError:
    return FaultsError("drift", [Fault(path="--stack", value=stack, rule=rule, example=example)])
