"""This tier runs where `make test-istio` has built Istio's programs, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.support.kubectl import eventually
from tests.engine.conftest import run
from tests.istio.support.control_plane import ControlPlane
from tests.istio.support.injected import WORKLOADS, Pod, pods
from tests.istio.support.mesh import Mesh
from tests.support.stacks import prepare
from tests.unit.support.doors import with_door
from tools.cluster import Cluster
from tools.local.workspace import Workspace
from tools.toolchain import CLUSTER, PREVIEW, ensure, look_up

collect_ignore_glob = [] if look_up("istio") else ["test_*.py"]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dev environment behind Istio's door, with the shared counter, as files."""
    ensure(PREVIEW)
    folder = tmp_path_factory.mktemp("istio")
    workspace = Workspace(folder / "stack", "dev", kubeconfig=None)
    settings = with_door("istio")
    settings["entry"]["counter"] = "shared"
    prepare(workspace, {**settings, "renderTo": str(folder / "files")})
    result = run(workspace, "up", "--yes", "--skip-preview")
    assert result.status == 0, result.text
    return folder / "files"


@pytest.fixture(scope="session")
def documents(files: Path) -> list[dict[str, Any]]:
    """The same, as objects."""
    return [yaml.safe_load(path.read_text()) for path in sorted(files.rglob("*.yaml"))]


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory, documents: list[dict[str, Any]]) -> Iterator[ControlPlane]:
    """Istio's control plane on a cluster of its own, where the environment is."""
    ensure(CLUSTER)
    folder = tmp_path_factory.mktemp("plane")
    with Cluster(folder / "cluster") as cluster, ExitStack() as stack:
        stack.callback(cluster.destroy)
        made = ControlPlane(folder / "istiod", cluster.kubeconfig)
        made.start()
        stack.callback(made.stop)
        given = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "entry-tls", "namespace": "entry-dev"}}
        for namespaces in (True, False):
            part = [one for one in documents if (one["kind"] == "Namespace") == namespaces]
            text = yaml.safe_dump_all(part if namespaces else [given, *part])
            made.kubectl("apply", "--server-side", "--validate=strict", "-f", "-", manifest=text)
        yield made


@pytest.fixture(scope="session")
def injected(plane: ControlPlane) -> dict[str, list[Pod]]:
    """The pods that the cluster plays, by namespace."""
    return {namespace: pods(plane.kubectl, namespace) for namespace in WORKLOADS}


@pytest.fixture(scope="session")
def mesh(
    tmp_path_factory: pytest.TempPathFactory, plane: ControlPlane, injected: dict[str, list[Pod]]
) -> Iterator[Mesh]:
    """Pods of the environment with their sidecars on loopback; those that the cluster plays make room for them."""
    assert injected
    owners = ("deployments,statefulsets", "--all", "--namespace=entry-dev")
    plane.kubectl("scale", *owners, "--replicas=0")
    here = ("pods", "--namespace=entry-dev")
    eventually(lambda: not plane.kubectl.get(*here)["items"], "no pod of the entry is left", 60)
    with ExitStack() as stack:
        made = Mesh(tmp_path_factory.mktemp("mesh"), plane)
        made.start(stack)
        yield made
