"""The entry, as the program renders it, before the real API server: admitted under `restricted`, its pods come up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.cluster.support.kubectl import Kubectl, eventually, no_other_environment
from tests.support.serving_options import rendered
from tests.unit.support.entry import issuer

ENTRY = {"host": "ai.kitchen.example", "tls": {"secret": "given-tls"}, "issuers": [issuer()]}
Documents = list[dict[str, Any]]


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    return rendered(tmp_path_factory.mktemp("entry") / "first", {"entry": ENTRY})


@pytest.fixture(scope="module")
def kube(kubectl: Kubectl, documents: Documents) -> Iterator[Kubectl]:
    """A cluster that has taken all of it, field by field."""
    given = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "given-tls", "namespace": "entry-dev"}}
    with no_other_environment(kubectl):
        for namespaces in (True, False):
            part = [one for one in documents if (one["kind"] == "Namespace") == namespaces]
            text = yaml.safe_dump_all(part if namespaces else [given, *part])
            kubectl("apply", "--server-side", "--validate=strict", "-f", "-", manifest=text)
        yield kubectl


def test_both_pods_come_up_in_a_restricted_namespace(kube: Kubectl) -> None:
    namespace = kube.get("namespace", "entry-dev")["metadata"]["labels"]
    assert namespace["pod-security.kubernetes.io/enforce"] == "restricted"
    eventually(lambda: kube.get("-n", "entry-dev", "deployment", "entry")["status"].get("availableReplicas") == 2, "2")


def test_another_table_is_another_config_map_and_the_old_pods_keep_theirs(kube: Kubectl, documents: Documents) -> None:
    (made,) = [one for one in documents if one["kind"] == "ConfigMap" and "envoy.json" in one["data"]]
    found = kube.get("-n", "entry-dev", "configmap", made["metadata"]["name"])
    assert found["immutable"] is True
    assert found["data"] == made["data"]


def test_the_pods_of_a_kitchen_have_addresses_by_the_entrys_service(kube: Kubectl) -> None:
    def addresses() -> int:
        slices = kube.get("-n", "helpdesk-dev", "endpointslices", "-l", "kubernetes.io/service-name=support-pods")
        return sum(len(one.get("endpoints") or []) for one in slices["items"])

    eventually(lambda: addresses() >= 1, "addresses of support-pods")
