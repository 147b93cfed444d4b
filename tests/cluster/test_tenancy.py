"""A tenant on the real API server: who may do what, what Pods get, and what changes in place."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.support.kubectl import Kubectl, eventually, no_other_environment
from tests.support.stacks import prepare
from tools.cluster import Cluster
from tools.engine.checkpoints import WITHOUT
from tools.local.workspace import POLICY_PACK, Workspace
from tools.toolchain import PREVIEW, ensure

NAMESPACE = "helpdesk-dev"
CANARY = "canary-2c88-not-to-be-seen"
ROLES = {
    "platform": "ai-platform",
    "security": "security-office",
    "operations": "ai-operations",
    "auditor": "internal-audit",
    "owner": "helpdesk-owners",
    "caller": "helpdesk-callers",
}
READERS = set(ROLES) - {"caller"}
MENDERS = {"platform", "operations"}
NOBODY: set[str] = set()
# Verb, API group, resource with its sub-resource, name, namespace, and the roles that may.
TABLE: list[tuple[str, str, str, str, str, set[str]]] = [
    ("list", "serving.kserve.io", "inferenceservices", "", NAMESPACE, READERS),
    ("watch", "serving.kserve.io", "inferenceservices", "", NAMESPACE, READERS),
    ("get", "serving.kserve.io", "inferenceservices", "", NAMESPACE, NOBODY),
    ("get", "serving.kserve.io", "inferenceservices", "support", NAMESPACE, {"caller"}),
    ("get", "serving.kserve.io", "inferenceservices", "another", NAMESPACE, NOBODY),
    ("get", "serving.kserve.io", "inferenceservices/status", "support", NAMESPACE, NOBODY),
    *(
        (verb, "serving.kserve.io", "inferenceservices", "support", NAMESPACE, NOBODY)
        for verb in ("create", "update", "patch", "delete", "deletecollection")
    ),
    ("get", "serving.kserve.io", "servingruntimes", "", NAMESPACE, READERS - {"owner"}),
    ("patch", "serving.kserve.io", "servingruntimes", "", NAMESPACE, NOBODY),
    *(("get", "", "secrets", name, NAMESPACE, NOBODY) for name in ("", "registry-pull", "support-lora-reader")),
    ("list", "", "secrets", "", NAMESPACE, NOBODY),
    ("watch", "", "secrets", "", NAMESPACE, NOBODY),
    *(("create", "", f"pods/{sub}", "", NAMESPACE, NOBODY) for sub in ("exec", "attach", "portforward", "proxy")),
    *(("get", "", f"pods/{sub}", "", NAMESPACE, NOBODY) for sub in ("exec", "attach", "portforward", "proxy")),
    ("patch", "", "pods/ephemeralcontainers", "", NAMESPACE, NOBODY),
    ("create", "", "serviceaccounts/token", "", NAMESPACE, NOBODY),
    ("get", "", "services/proxy", "", NAMESPACE, NOBODY),
    ("list", "", "pods", "", NAMESPACE, READERS - {"auditor"}),
    ("get", "", "pods/log", "", NAMESPACE, MENDERS),
    ("delete", "", "pods", "", NAMESPACE, MENDERS),
    ("deletecollection", "", "pods", "", NAMESPACE, NOBODY),
    ("create", "", "pods/eviction", "", NAMESPACE, MENDERS),
    ("create", "", "pods", "", NAMESPACE, NOBODY),
    ("list", "", "events", "", NAMESPACE, READERS - {"auditor"}),
    ("list", "events.k8s.io", "events", "", NAMESPACE, READERS),
    ("list", "apps", "deployments", "", NAMESPACE, READERS),
    ("patch", "apps", "deployments", "", NAMESPACE, NOBODY),
    ("update", "apps", "deployments/scale", "", NAMESPACE, NOBODY),
    ("list", "batch", "jobs", "", NAMESPACE, {"platform", "security", "operations"}),
    ("list", "", "resourcequotas", "", NAMESPACE, READERS),
    ("patch", "", "resourcequotas", "", NAMESPACE, NOBODY),
    ("list", "networking.k8s.io", "networkpolicies", "", NAMESPACE, {"platform", "security", "auditor"}),
    ("delete", "networking.k8s.io", "networkpolicies", "", NAMESPACE, NOBODY),
    ("list", "rbac.authorization.k8s.io", "rolebindings", "", NAMESPACE, {"platform", "security", "auditor"}),
    ("create", "rbac.authorization.k8s.io", "rolebindings", "", NAMESPACE, NOBODY),
    ("bind", "rbac.authorization.k8s.io", "roles", "", NAMESPACE, NOBODY),
    ("escalate", "rbac.authorization.k8s.io", "roles", "", NAMESPACE, NOBODY),
    ("impersonate", "", "serviceaccounts", "", NAMESPACE, NOBODY),
    ("impersonate", "", "groups", "", "", NOBODY),
    # Nothing holds elsewhere, whether in another namespace or in the whole cluster.
    ("list", "", "pods", "", "default", NOBODY),
    ("list", "", "pods", "", "", NOBODY),
    ("list", "", "nodes", "", "", NOBODY),
    ("list", "", "namespaces", "", "", NOBODY),
    ("list", "serving.kserve.io", "inferenceservices", "", "", NOBODY),
    ("get", "serving.kserve.io", "inferenceservices", "summary", "sales-dev", NOBODY),
    ("list", "", "pods", "", "sales-dev", {"platform", "security", "operations"}),
]


def credentials(password: str) -> str:
    return json.dumps({"auths": {"registry.kitchen.example": {"username": "robot", "password": password}}})


class Environment:
    """The dev environment in the shared cluster, with credentials and a bundle."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self.folder = folder
        self.workspace = Workspace(folder / "state", "dev", cluster.kubeconfig)
        self.said: list[str] = []
        self.changes: dict[str, Any] = {
            "phase": 4,
            "platform": {"kind": "kubernetes", "monitoring": True},
            "pullSecret": "registry-pull",
            "priority": {"value": 1000, "preempt": False},
        }

    def prepare(self, certificates: str, password: str) -> None:
        store = {
            "endpoint": self.cluster.minio_endpoint,
            "bucketPrefix": "tenancy-",
            "tls": {"caBundle": "kitchen-ca", "certificates": certificates},
        }
        prepare(self.workspace, {**self.changes, "objectStore": store})
        options = ("--stack", "dev", "--config-file", str(self.workspace.config_file), "--non-interactive")
        subprocess.run(
            ["pulumi", "config", "set", "--secret", "kitchen:registryCredentials", *options],
            cwd=self.workspace.project,
            env=self.workspace.environment(),
            input=credentials(password),
            text=True,
            check=True,
            capture_output=True,
        )

    def engine(self, command: str, *words: str) -> str:
        options = ("--stack", "dev", "--config-file", str(self.workspace.config_file), "--non-interactive")
        keys = {
            "KITCHEN_OBJECT_STORE_ACCESS_KEY": self.cluster.minio_access_key,
            "KITCHEN_OBJECT_STORE_SECRET_KEY": self.cluster.minio_secret_key,
        }
        done = subprocess.run(
            ["pulumi", command, *options, *words],
            cwd=self.workspace.project,
            env=self.workspace.environment() | WITHOUT | keys,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.said.append(done.stdout)
        assert done.returncode == 0, done.stdout
        return done.stdout


def authority(folder: Path, name: str) -> str:
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-subj", f"/CN={name}", "-days", "2", "-keyout", f"{name}.key", "-out", f"{name}.crt"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / f"{name}.crt").read_text()


@pytest.fixture(scope="module")
def environment(cluster: Cluster, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    ensure(PREVIEW)
    folder = tmp_path_factory.mktemp("tenancy")
    made = Environment(cluster, folder)
    made.prepare(authority(folder, "first"), f"{CANARY}-1")
    with no_other_environment(kubectl):
        made.engine("up", "--yes", "--skip-preview", "--policy-pack", str(POLICY_PACK))
        yield made


def reviews(kubectl: Kubectl, questions: list[dict[str, Any]]) -> list[bool]:
    """The API server's answers to SubjectAccessReviews, in one call."""
    documents = [
        {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec} for spec in questions
    ]
    text = kubectl("create", "-f", "-", "-o", "json", manifest=yaml.safe_dump_all(documents))
    decoder, found = json.JSONDecoder(), []
    while text := text.lstrip():
        content, end = decoder.raw_decode(text)
        found += content.get("items", [content])
        text = text[end:]
    return [entry["status"]["allowed"] for entry in found]


def test_each_role_may_do_what_the_table_says_and_nothing_else(environment: Environment, kubectl: Kubectl) -> None:
    del environment
    cases = [(role, row) for row in TABLE for role in ROLES]
    questions = []
    for role, (verb, group, resource, name, namespace, _) in cases:
        kind, _, sub = resource.partition("/")
        asked = {"verb": verb, "group": group, "resource": kind, "subresource": sub, "name": name}
        groups = [ROLES[role], "system:authenticated"]
        questions.append(
            {"user": "a-person", "groups": groups, "resourceAttributes": {**asked, "namespace": namespace}}
        )
    answers = reviews(kubectl, questions)
    assert len(answers) == len(cases) > 300
    wrong = [
        f"{role}: {' '.join(row[:5])}: {'allowed' if answer else 'denied'}"
        for (role, row), answer in zip(cases, answers, strict=True)
        if answer != (role in row[5])
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("role", "words", "allowed"),
    [
        ("owner", ["get", "inferenceservices"], True),
        ("owner", ["get", "inferenceservice", "support"], False),
        ("caller", ["get", "inferenceservice", "support"], True),
        ("caller", ["get", "inferenceservices"], False),
        ("operations", ["get", "pods"], True),
        ("operations", ["get", "secret", "registry-pull"], False),
    ],
)
def test_kubectl_as_a_member(
    role: str, words: list[str], allowed: bool, environment: Environment, kubectl: Kubectl
) -> None:
    del environment
    done = kubectl.run("-n", NAMESPACE, *words, "--as", "a-person", "--as-group", ROLES[role])
    assert (done.returncode == 0) == allowed, done.stderr
    assert allowed or "Forbidden" in done.stderr


def test_pods_have_priority_and_pull_secret(environment: Environment, kubectl: Kubectl) -> None:
    del environment
    pods = kubectl.get("-n", NAMESPACE, "pods", "-l", "serving.kserve.io/inferenceservice=support")["items"]
    assert [(pod["spec"]["priorityClassName"], pod["spec"]["priority"]) for pod in pods] == [("kitchen-dev", 1000)]
    assert [pod["spec"]["imagePullSecrets"] for pod in pods] == [[{"name": "registry-pull"}]]
    assert [pod["spec"]["preemptionPolicy"] for pod in pods] == ["Never"]


def in_namespace(kubectl: Kubectl, kind: str, name: str) -> dict[str, Any]:
    return kubectl.get("-n", NAMESPACE, kind, name)


def test_another_bundle_and_key_change_in_place_and_another_priority_replaces(
    environment: Environment, kubectl: Kubectl
) -> None:
    assert "unchanged" in environment.engine("preview", "--expect-no-changes")
    before = {kind: in_namespace(kubectl, kind, name) for kind, name in OBJECTS.items()}
    second = authority(environment.folder, "second")
    environment.changes["priority"] = {"value": 2000, "preempt": False}
    environment.prepare(second, f"{CANARY}-2")
    environment.engine("up", "--yes", "--skip-preview")
    after = {kind: in_namespace(kubectl, kind, name) for kind, name in OBJECTS.items()}
    assert after["configmap"]["data"] == {"ca.crt": second}
    held = base64.b64decode(after["secret"]["data"][".dockerconfigjson"]).decode()
    assert held == credentials(f"{CANARY}-2")
    for kind in OBJECTS:
        assert after[kind]["metadata"]["uid"] == before[kind]["metadata"]["uid"], f"{kind} was made anew"
    assert kubectl.get("priorityclass", "kitchen-dev")["value"] == 2000
    environment.engine("preview", "--expect-no-changes")


OBJECTS = {"configmap": "kitchen-ca", "secret": "registry-pull"}


def test_the_credentials_are_nowhere_in_clear_text(environment: Environment) -> None:
    logs = environment.cluster.directory / "logs"
    files = [path for place in (environment.folder, logs) for path in place.rglob("*") if path.is_file()]
    texts = [path.read_text(errors="replace") for path in files] + environment.said
    assert len(texts) > 10
    hidden = [CANARY, *(base64.b64encode(credentials(f"{CANARY}-{n}").encode()).decode() for n in (1, 2))]
    assert [text for text in texts if any(secret in text for secret in hidden)] == []


def gpu_pod(name: str, priority: str) -> dict[str, Any]:
    resources = {"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "8"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "priorityClassName": priority,
            "terminationGracePeriodSeconds": 0,
            "nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB"},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
            "containers": [
                {"name": "server", "image": "registry.kitchen.example/x", "resources": {"limits": resources}}
            ],
        },
    }


def test_on_a_full_pool_prod_displaces_dev_and_not_the_other_way(
    environment: Environment, kubectl: Kubectl, namespace: str
) -> None:
    del environment
    prod = {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": "kitchen-prod-trial"},
        "value": 100000,
    }

    def node_of(name: str) -> str | None:
        done = kubectl.run("-n", namespace, "get", "pod", name, "-o", "jsonpath={.spec.nodeName}")
        return done.stdout if done.returncode == 0 else None

    def make(name: str, priority: str) -> None:
        kubectl("-n", namespace, "create", "-f", "-", manifest=yaml.safe_dump(gpu_pod(name, priority)))

    kubectl("create", "-f", "-", manifest=yaml.safe_dump(prod))
    try:
        for name in ("dev-1", "dev-2"):
            make(name, "kitchen-dev")
            eventually(lambda name=name: node_of(name), f"{name} has a node")  # type: ignore[misc]
        make("dev-3", "kitchen-dev")
        make("prod-1", "kitchen-prod-trial")
        eventually(lambda: node_of("prod-1"), "prod-1 has a node")
        assert [node_of("dev-1"), node_of("dev-2")].count(None) == 1
        assert node_of("dev-3") == ""
    finally:
        kubectl("delete", "priorityclass", "kitchen-prod-trial")
