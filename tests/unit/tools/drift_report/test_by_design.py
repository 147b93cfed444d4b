"""The closed list of what is there by design: the decision names each rule with its reason."""

from __future__ import annotations

import pytest

from infra.faults import HIDDEN
from tests.unit.tools.drift.objects import live_object, recorded_object
from tests.unit.tools.drift_report.test_objects import DEPLOYMENT, NAMESPACE, owned, plain, seen
from tests.unit.tools.drift_report.test_objects import told as titles
from tools.drift.fields import Field
from tools.drift.recorded import recorded
from tools.drift.values import MISSING
from tools.drift_report.shown import both
from tools.drift_report.table import REASONS
from tools.local.workspace import REPOSITORY

PAGE = (REPOSITORY / "docs" / "adr" / "0052-drift.md").read_text()


def test_the_decision_has_a_row_for_each_rule_and_no_other() -> None:
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
    assert {row[0].strip("|` "): row[-1].rstrip(" |") for row in rows} == REASONS


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("spec", "replicas"), 5, "5"),
        (("spec", "hard", "requests.cpu"), "64", "64"),
        (("spec", "containers", 0, "image"), "registry.kitchen.example/a:1", "registry.kitchen.example/a:1"),
        (("rules",), [{"verbs": ["get"]}], '[{"verbs": ["get"]}]'),
        (("metadata", "labels", "pod-security.kubernetes.io/enforce"), "privileged", "privileged"),
        (("metadata", "labels", "note"), "hunter2", HIDDEN),
        (("metadata", "annotations", "note"), "5", HIDDEN),
        (("data", "key"), "5", HIDDEN),
        (("spec", "containers", 0, "env", 0, "value"), "5", HIDDEN),
        (("spec", "note"), "hunter2", HIDDEN),
        (("spec", "selector"), {"data": "hunter2"}, HIDDEN),
        (("spec", "replicas"), MISSING, None),
    ],
)
def test_a_value_is_shown_where_its_place_holds_no_free_text(
    path: tuple[str | int, ...], value: object, told: str | None
) -> None:
    (entry,) = recorded([recorded_object("Deployment", "entry", api="apps/v1")])
    assert both(entry, Field(path=path, declared=value, live=value, holders=[])) == (told, told)


def test_of_long_values_the_part_in_which_they_differ_is_shown() -> None:
    (entry,) = recorded([recorded_object("NetworkPolicy", "entry", api="networking.k8s.io/v1")])
    peers = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "a-namespace-with-a-name"}}}]
    declared, there = [{"to": peers, "ways": [{"port": 443}]}], [{"ways": [{"port": 443, "until": 80}], "to": peers}]
    field = Field(path=("spec", "egress"), declared=declared, live=there, holders=[])
    said, live = both(entry, field)
    assert said == '...ways": [{"port": 443}]}]'
    assert live == '...ways": [{"port": 443, "until": 80}]}]'
    assert both(entry, Field(path=("spec", "egress"), declared=MISSING, live=[1], holders=[])) == (None, "[1]")
    secret = Field(path=("data", "a"), declared="x" * 90, live="y" * 90, holders=[])
    assert both(entry, secret) == (HIDDEN, HIDDEN)


def test_of_a_secret_nothing_is_shown() -> None:
    (entry,) = recorded([recorded_object("Secret", "key")])
    assert both(entry, Field(path=("spec", "replicas"), declared=5, live=5, holders=[])) == (HIDDEN, HIDDEN)


def test_what_a_platform_puts_beside_an_untouched_environment_is_known() -> None:
    """cert-manager, Istio, Cilium, Kyverno and Trivy: each of them is there on the first day."""
    kinds = "cert-manager.io/v1"
    declared = [NAMESPACE, DEPLOYMENT, recorded_object("Certificate", "entry", api=kinds, spec={"secretName": "x"})]
    live = [live_object(one) for one in declared]
    for one in live:
        one["metadata"]["uid"] = f"{one['kind']}/{one['metadata']['name']}"
    request = owned("CertificateRequest", "entry-1", live[2], kinds)
    order = owned("Order", "entry-1-2", request, "acme.cert-manager.io/v1")
    replicas = owned("ReplicaSet", "entry-1", live[1], "apps/v1")
    pod = owned("Pod", "entry-1-a", replicas)
    of_pod = {"ownerReferences": [{"kind": "Pod", "name": "entry-1-a", "uid": "Pod/entry-1-a"}]}
    found = seen(
        declared,
        *(*live, request, order, owned("Challenge", "c", order, "acme.cert-manager.io/v1"), replicas, pod),
        *(owned("Secret", "entry-next", live[2]), plain("ConfigMap", "istio-ca-root-cert")),
        plain("CiliumEndpoint", "entry-1-a", "cilium.io/v2", **of_pod),
        plain("PolicyReport", "a", "wgpolicyk8s.io/v1alpha2"),
        plain("Report", "a", "openreports.io/v1alpha1"),
        plain("EphemeralReport", "a", "reports.kyverno.io/v1"),
        owned("VulnerabilityReport", "a", replicas, "aquasecurity.github.io/v1alpha1"),
    )
    assert [one.title for one in found.findings] == []
    other = plain("CiliumEndpoint", "another", "cilium.io/v2", **of_pod)
    assert titles(declared, *live, replicas, pod, other) == [("undeclared", "CiliumEndpoint sales-dev/another")]


@pytest.mark.parametrize(
    ("kind", "name", "labels"),
    [
        ("Lease", "x", {}),
        ("ConfigMap", "kitchen-ca", {}),
        ("ConfigMap", "istio-ca-root-cert", {}),
        ("Endpoints", "entry", {}),
        ("ServiceAccount", "default", {}),
        ("ClusterServiceVersion", "x", {"olm.copiedFrom": "operators"}),
    ],
)
def test_a_kind_of_another_group_is_known_by_no_name(kind: str, name: str, labels: dict[str, str]) -> None:
    """Whoever brings a CRD calls his kind as he likes."""
    live = [live_object(NAMESPACE), live_object(DEPLOYMENT), plain("Service", "entry")]
    known = [("undeclared", "Service sales-dev/entry")]
    odd = plain(kind, name, "odd.example.com/v1", labels=labels)
    assert ("undeclared", f"{kind} sales-dev/{name}") in titles([NAMESPACE, DEPLOYMENT], *live, odd)
    assert titles([NAMESPACE, DEPLOYMENT], *live) == known
