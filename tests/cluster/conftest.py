"""One embedded cluster for the tests of this tier, each with namespaces of its own, and one dev environment in another.

Tests beside each other (pytest-xdist) are one such pair a worker; the modules that share an environment stay together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from tests.cluster.cluster_tools import Kubectl
from tests.cluster.kitchen_tools import make
from tools.cluster import Cluster
from tools.local.up import LocalKitchen


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster") / "shared") as running:
        try:
            yield running
        finally:
            running.destroy()


@pytest.fixture(scope="session")
def kubectl(cluster: Cluster) -> Kubectl:
    return Kubectl(cluster.kubeconfig)


@pytest.fixture
def namespace(kubectl: Kubectl, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own; its removal is not waited for."""
    name = f"t-{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:10]}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def first_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalKitchen, str]]:
    """The dev environment as a first `make up` leaves it, and what that said. Who changes it puts it back."""
    folder = tmp_path_factory.mktemp("kitchen")
    said = make("up", folder)
    kitchen = LocalKitchen(folder)
    with kitchen.cluster:  # it runs already: this sets the guard that ends it if the tests are killed
        yield kitchen, said
        kitchen.down()


@pytest.fixture(scope="session")
def kitchen(first_up: tuple[LocalKitchen, str]) -> LocalKitchen:
    return first_up[0]


@pytest.fixture(scope="session")
def kube(kitchen: LocalKitchen) -> Kubectl:
    return Kubectl(kitchen.cluster.kubeconfig)
