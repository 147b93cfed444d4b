"""MinIO in the cluster: shape of its objects over Pulumi's mocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from components.facts import PLACEHOLDER
from components.object_store.minio import pod as minio_pod
from components.object_store.minio.server import MinioServer, MinioServerArgs
from components.platform import Platform
from tests.unit.support import mocked

CANARY = "canary-root-password"


def arguments(**changes: Any) -> MinioServerArgs:
    said: dict[str, Any] = {
        "namespace": "object-store",
        "labels": {"kitchen.example.com/owner": "platform-team"},
        "image": "registry.kitchen.example/minio/minio@sha256:" + "0" * 64,
        "platform": Platform(kind="kubernetes"),
        "replicas": 4,
        "drives_per_replica": 2,
        "size_gib": 100,
        "storage_class": "local-nvme",
        "cpu": 2,
        "memory_gib": 8,
        "client_namespaces": ["sales-dev", "helpdesk-dev"],
        "issuer": "kitchen-ca",
    }
    return MinioServerArgs(**{**said, **changes})


@pytest.fixture
def declared() -> Callable[..., dict[tuple[str, str], dict[str, Any]]]:
    def declare(**changes: Any) -> dict[tuple[str, str], dict[str, Any]]:
        recorder = mocked.Recorder(CANARY)
        mocked.use(recorder)
        pulumi.runtime.test(lambda: MinioServer("store", arguments(**changes)) and None)()
        return recorder.made

    return declare


def test_another_owner_is_told_by_the_objects_and_restarts_no_pod(declared: Any) -> None:
    owners = {
        "platform-team": declared(),
        "storage-team": declared(labels={"kitchen.example.com/owner": "storage-team"}),
    }
    sets = [made["StatefulSet", "minio"] for made in owners.values()]
    assert [entry["metadata"]["labels"]["kitchen.example.com/owner"] for entry in sets] == list(owners)
    assert sets[0]["spec"] == sets[1]["spec"]


def test_the_root_key_is_a_file_in_minio_s_own_pods_and_nowhere_else(declared: Any) -> None:
    made = declared()
    assert made["Secret", "minio-root"]["stringData"] == {"user": "kitchen-root", "password": CANARY}
    rest = {key: inputs for key, inputs in made.items() if key != ("Secret", "minio-root")}
    assert CANARY not in str(rest)
    pod = made["StatefulSet", "minio"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    variables = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert not {"MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"} & set(variables)
    assert variables["MINIO_ROOT_PASSWORD_FILE"] == "/etc/minio/root/password"
    assert not [entry for entry in container["env"] if "valueFrom" in entry]
    assert "envFrom" not in container
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["root-key"]["secret"]["optional"] is False, "without the file MinIO takes its well-known key"
    assert pod["automountServiceAccountToken"] is False


def test_a_rendered_server_has_a_placeholder_for_its_key(declared: Any) -> None:
    made = declared(placeholder_key=True)
    assert made["Secret", "minio-root"]["stringData"]["password"] == PLACEHOLDER
    assert not [kind for kind, _ in made if kind == "RandomPassword"]


def test_a_distributed_server_survives_the_loss_of_a_node(declared: Any) -> None:
    made = declared()
    assert made["PodDisruptionBudget", "minio"]["spec"]["maxUnavailable"] == 1
    spec = made["StatefulSet", "minio"]["spec"]
    assert (spec["replicas"], spec["podManagementPolicy"], spec["serviceName"]) == (4, "Parallel", "minio-headless")
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert [claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]] == ["data0", "data1"]
    pod = spec["template"]["spec"]
    (term,) = pod["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    assert term["labelSelector"]["matchLabels"] == spec["selector"]["matchLabels"]
    hosts = "https://minio-{0...3}.minio-headless.object-store.svc.cluster.local:9000/data{0...1}"
    assert pod["containers"][0]["args"][-1] == hosts
    assert made["Service", "minio-headless"]["spec"]["publishNotReadyAddresses"] is True
    names = made["Certificate", "minio-tls"]["spec"]["dnsNames"]
    assert {"minio.object-store.svc", "*.minio-headless.object-store.svc.cluster.local"} <= set(names)


def test_one_pod_has_neither_budget_nor_peers(declared: Any) -> None:
    made = declared(replicas=1, drives_per_replica=1)
    assert ("PodDisruptionBudget", "minio") not in made
    pod = made["StatefulSet", "minio"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["args"][-1] == "/data0"
    assert "affinity" not in pod


def test_only_tenants_the_program_and_peers_reach_the_server(declared: Any) -> None:
    made = declared()
    assert made["NetworkPolicy", "default-deny"]["spec"]["policyTypes"] == ["Ingress", "Egress"]
    (rule,) = made["NetworkPolicy", "allow-clients"]["spec"]["ingress"]
    assert [port["port"] for port in rule["ports"]] == [minio_pod.PORT]
    peers, tenants, runners = rule["from"]
    assert peers == {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "minio"}}}
    (names,) = tenants["namespaceSelector"]["matchExpressions"]
    assert names["values"] == ["helpdesk-dev", "sales-dev"]
    assert runners["namespaceSelector"]["matchLabels"] == {"kitchen.example.com/store-access": "runner"}
    labels = made["Namespace", "object-store"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_who_takes_metrics_is_let_in_where_there_is_something_to_take(declared: Any) -> None:
    metrics = {
        "namespaceSelector": {"matchLabels": {"kitchen.example.com/access": "metrics"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
    }
    for measured in (True, False):
        made = declared(measured=measured)
        (rule,) = made["NetworkPolicy", "allow-clients"]["spec"]["ingress"]
        assert (metrics in rule["from"]) == measured
        (server,) = made["StatefulSet", "minio"]["spec"]["template"]["spec"]["containers"]
        assert ("MINIO_PROMETHEUS_AUTH_TYPE" in [one["name"] for one in server["env"]]) == measured


@pytest.mark.parametrize(
    ("kind", "namespace", "port"), [("kubernetes", "kube-system", 53), ("openshift", "openshift-dns", 5353)]
)
def test_the_server_s_look_ups_go_to_the_dns_alone(declared: Any, kind: str, namespace: str, port: int) -> None:
    made = declared(platform=Platform(kind=kind))
    (rule,) = made["NetworkPolicy", "allow-dns"]["spec"]["egress"]
    assert rule["to"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}]
    assert {entry["port"] for entry in rule["ports"]} == {port}


def test_an_existing_certificate_needs_no_issuer_and_both_are_refused(declared: Any) -> None:
    made = declared(issuer=None, tls_secret="given")
    assert ("Certificate", "minio-tls") not in made
    volumes = made["StatefulSet", "minio"]["spec"]["template"]["spec"]["volumes"]
    (certs,) = (volume["secret"] for volume in volumes if volume["name"] == "certs")
    assert certs["secretName"] == "given"
    assert {item["path"] for item in certs["items"]} == {"public.crt", "private.key", "CAs/ca.crt"}
    for wrong in ({"tls_secret": "given"}, {"issuer": None}):
        with pytest.raises(ValueError, match="exactly one of them"):
            MinioServer("store", arguments(**wrong))


def test_every_object_says_who_answers_for_it(declared: Any) -> None:
    objects = {key: inputs for key, inputs in declared().items() if "metadata" in inputs}
    assert len(objects) > 9
    for key, inputs in objects.items():
        assert inputs["metadata"]["labels"]["kitchen.example.com/owner"] == "platform-team", key
