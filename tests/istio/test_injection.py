"""What istiod puts into the pods of an environment: the real injector, called by the real API server.

The nodes of this cluster say of no version of a kubelet that Istio knows, so that only what is rendered makes sidecars
native ones.
"""

from __future__ import annotations

import pytest

from tests.istio.support.injected import WORKLOADS, Pod

STATUS_PORTS = {15020, 15021}
"""Ports of the sidecar itself, which need no certificate."""


@pytest.mark.parametrize("namespace", WORKLOADS)
def test_every_pod_gets_a_sidecar_that_starts_first_and_ends_last(
    injected: dict[str, list[Pod]], namespace: str
) -> None:
    assert injected[namespace]
    for pod in injected[namespace]:
        name = pod["metadata"]["name"]
        first = {one["name"]: one for one in pod["spec"]["initContainers"]}
        assert list(first)[:2] == ["istio-validation", "istio-proxy"], name
        assert first["istio-proxy"]["restartPolicy"] == "Always", name
        assert "istio-proxy" not in {one["name"] for one in pod["spec"]["containers"]}, name


@pytest.mark.parametrize("namespace", WORKLOADS)
def test_the_kubelet_asks_the_sidecar_for_every_probe(injected: dict[str, list[Pod]], namespace: str) -> None:
    """The kubelet has no certificate of the mesh: a probe that went to the program would be refused."""
    asked = 0
    for pod in injected[namespace]:
        for container in (*pod["spec"]["initContainers"], *pod["spec"]["containers"]):
            probes = [container[key] for key in ("startupProbe", "livenessProbe", "readinessProbe") if key in container]
            asked += len(probes)
            ports = {probe.get("httpGet", {}).get("port") for probe in probes}
            assert ports <= STATUS_PORTS, (pod["metadata"]["name"], container["name"])
    assert asked
