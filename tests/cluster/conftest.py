"""One embedded cluster for all tests of this tier; a test makes namespaces of its own in it.

Modules run beside each other (pytest-xdist); those that use this cluster run in one process: tests/support/order.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.cluster.support.kubectl import Kubectl
from tests.cluster.support.shared_kitchen import SharedKitchen
from tools.cluster import Cluster


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


@pytest.fixture(scope="session")
def shared_kitchen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedKitchen]:
    """A kitchen by `make up`, for modules that leave it as it was; they run in one process (tests/support/order.py)."""
    with ExitStack() as stack:
        yield SharedKitchen(tmp_path_factory.mktemp("shared") / "kitchen", stack)


@pytest.fixture
def namespace(kubectl: Kubectl, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own; its removal is not waited for."""
    name = f"t-{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:10]}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")
