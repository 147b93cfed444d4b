"""From objects to rights: by name where names are known, by kind elsewhere, and nothing that is not declared."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from infra.faults import FaultsError
from ops.__main__ import main
from tools.identity.judged import STATED, configuration, statements
from tools.identity.manifests import account, manifests, text
from tools.identity.resources import KNOWN
from tools.identity.rights import ARGO, CI, DRIFT, PLAN, Rights, rights
from tools.identity.store import looking_policy, policy
from tools.local.workspace import REPOSITORY

SETTINGS = REPOSITORY / "Pulumi.dev.yaml"
RBAC = "rbac.authorization.k8s.io/v1"
GRANTS = {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}


def an_object(api: str, kind: str, name: str, namespace: str = "sales-dev", **more: Any) -> dict[str, Any]:
    inside = {"namespace": namespace} if namespace else {}
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, **inside}, **more}


def labelled(one: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    return {**one, "metadata": {**one["metadata"], "labels": labels}}


LABELS = {
    "kitchen.example.com/environment": "dev",
    "kitchen.example.com/owner": "platform",
    "kitchen.example.com/cost-centre": "shared",
}
OF_SALES = {**LABELS, "kitchen.example.com/tenant": "sales", "kitchen.example.com/owner": "sales-operations"}
OBJECTS = [
    labelled(an_object("v1", "Namespace", "sales-dev", ""), OF_SALES),
    labelled(an_object("scheduling.k8s.io/v1", "PriorityClass", "kitchen-dev", ""), LABELS),
    an_object("v1", "ConfigMap", "list-0123456789"),
    an_object("v1", "ResourceQuota", "quota"),
    an_object("v1", "Secret", "key"),
    an_object("apps/v1", "Deployment", "entry"),
    an_object(RBAC, "Role", "kitchen-operations", rules=[GRANTS]),
    an_object(RBAC, "RoleBinding", "kitchen-operations"),
]


def may(given: Rights, way: str, verb: str, plural: str, name: str = "any", *, namespace: str = "sales-dev") -> bool:
    """Whether the rendered roles allow it, as the API server's RBAC decides; without a namespace, in the cluster."""
    for one in manifests(given, way, "dev", account(way, "dev", None)):
        if one["kind"] != ("Role" if namespace else "ClusterRole"):
            continue
        if one["metadata"].get("namespace", "") != namespace:
            continue
        for rule in one["rules"]:
            named = "resourceNames" not in rule or name in rule["resourceNames"]
            if plural in rule["resources"] and verb in rule["verbs"] and named:
                return True
    return False


@pytest.mark.parametrize(
    ("verb", "plural", "name", "allowed"),
    [
        ("create", "configmaps", "any", True),
        ("delete", "configmaps", "any", True),
        ("list", "secrets", "any", True),
        ("get", "secrets", "other", False),
        ("patch", "secrets", "other", False),
        ("get", "secrets", "key", True),
        ("create", "secrets", "any", True),
        ("patch", "roles", "kitchen-operations", True),
        ("patch", "roles", "kitchen-ci-dev", False),
        ("bind", "roles", "kitchen-operations", False),
        ("escalate", "roles", "kitchen-operations", False),
        ("patch", "rolebindings", "other", False),
        ("update", "configmaps", "any", False),
        ("create", "pods", "any", False),
        ("list", "pods", "any", True),
        ("get", "pods/log", "any", True),
        ("create", "pods/exec", "any", False),
        ("patch", "services", "any", False),
    ],
)
def test_who_deploys_gets(verb: str, plural: str, name: str, allowed: bool) -> None:
    assert may(rights(OBJECTS, CI), CI, verb, plural, name) is allowed


@pytest.mark.parametrize(
    ("verb", "plural", "name", "allowed"),
    [
        ("patch", "namespaces", "sales-dev", True),
        ("patch", "namespaces", "kube-system", False),
        ("create", "namespaces", "any", False),
        ("create", "priorityclasses", "any", True),
        ("delete", "priorityclasses", "system-node-critical", False),
        ("list", "secrets", "any", False),
        ("get", "configmaps", "any", False),
    ],
)
def test_who_deploys_gets_in_the_cluster(verb: str, plural: str, name: str, allowed: bool) -> None:
    assert may(rights(OBJECTS, CI), CI, verb, plural, name, namespace="") is allowed


def test_who_looks_reads_and_no_secret() -> None:
    given = rights(OBJECTS, DRIFT)
    verbs = {verb for rules in (*given.namespaces.values(), given.cluster) for rule in rules for verb in rule.verbs}
    assert verbs == {"get", "list"}
    assert not may(given, DRIFT, "list", "secrets") and not may(given, DRIFT, "get", "secrets", "key")
    assert given.granted == {}


def test_argo_cd_gets_no_secret_and_updates() -> None:
    given = rights(OBJECTS, ARGO)
    assert may(given, ARGO, "update", "configmaps") and may(given, ARGO, "delete", "deployments")
    assert not any(may(given, ARGO, verb, "secrets", "key") for verb in ("get", "list", "create", "patch", "delete"))


def test_who_plans_needs_nothing_and_that_is_said() -> None:
    assert rights(OBJECTS, PLAN) == Rights()
    said = text([], PLAN, "dev", account(PLAN, "dev", None))
    assert list(yaml.safe_load_all(said)) == [] and "needs no right" in said


def test_a_kind_that_is_not_known_gets_no_right() -> None:
    with pytest.raises(FaultsError, match=r"example\.com/v1 Thing"):
        rights([an_object("example.com/v1", "Thing", "a")], CI)


def test_no_rule_has_a_wildcard() -> None:
    for way in (CI, ARGO, DRIFT):
        for one in manifests(rights(OBJECTS, way), way, "dev", account(way, "dev", None)):
            for rule in one.get("rules", []):
                assert not any("*" in word for values in rule.values() for word in values)


@pytest.mark.parametrize("way", [CI, ARGO, DRIFT])
def test_the_pack_passes_what_is_rendered_with_what_is_stated(way: str) -> None:
    given = rights(OBJECTS, way)
    made = manifests(given, way, "dev", account(way, "dev", None))
    stated = statements(made, given, SETTINGS)
    assert {entry["what"] for entry in stated} <= {"right", "namespace"}
    known = (*STATED, "secrets")
    assert all(any(f" {plural}" in entry["name"] for plural in known) for entry in stated if entry["what"] == "right")
    secrets = {entry["name"].split(" ")[-2] for entry in stated if entry["name"].endswith(" secrets")}
    assert secrets == ({"list", "watch"} if way == CI else set())
    assert "rbac-least" in configuration(stated)


def test_a_right_that_no_one_has_stated_is_not_written() -> None:
    shell = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}
    given = Rights(
        granted={"sales-dev": [shell]}, namespaces={"sales-dev": []}, owners={"sales-dev": OF_SALES, "": LABELS}
    )
    with pytest.raises(FaultsError, match="a way into running pods"):
        statements(manifests(given, CI, "dev", account(CI, "dev", None)), given, SETTINGS)


def test_an_account_that_is_there_is_bound_and_not_made() -> None:
    who = account(CI, "dev", "build/runner")
    made = manifests(rights(OBJECTS, CI), CI, "dev", who)
    assert "ServiceAccount" not in {one["kind"] for one in made}
    subjects = [one["subjects"] for one in made if "subjects" in one]
    assert subjects == [[{"kind": "ServiceAccount", "name": "runner", "namespace": "build"}]] * 2


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("NetworkPolicy", "networkpolicies"),
        ("Gateway", "gateways"),
        ("PriorityClass", "priorityclasses"),
        ("Ingress", "ingresses"),
        ("BackendTLSPolicy", "backendtlspolicies"),
        ("PersesDashboard", "persesdashboards"),
    ],
)
def test_plurals(kind: str, plural: str) -> None:
    assert {found.plural for (_, name), found in KNOWN.items() if name == kind} == {plural}


def test_the_store_s_account_has_no_right_on_objects() -> None:
    actions = [word for one in policy("dev-", users=True)["Statement"] for word in one["Action"]]
    assert not [word for word in actions if "Object" in word and "ObjectLock" not in word]
    assert not any("*" in word for word in actions)
    assert not any(
        word.startswith("admin:") for one in policy("dev-", users=False)["Statement"] for word in one["Action"]
    )


def test_the_account_that_looks_at_the_store_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identity", "--stack", "dev", "--way", "store-drift"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == looking_policy("dev-", users=True)
    actions = [word.partition(":")[2] for one in document["Statement"] for word in one["Action"]]
    assert [word for word in actions if not word.startswith(("Get", "List", "SiteReplicationInfo"))] == []
    deploys = {word for one in policy("dev-", users=True)["Statement"] for word in one["Action"]}
    assert {word for one in document["Statement"] for word in one["Action"]} <= deploys, "whoever deploys may look"


@pytest.mark.parametrize("tenant", ["shared", "platform", "sales"])
@pytest.mark.parametrize("way", [CI, ARGO, DRIFT])
def test_a_namespace_of_the_environment_s_own_is_stated_whoever_owns_it(way: str, tenant: str) -> None:
    """As the one of a MinIO that the program deploys: its owner is the platform, or anybody."""
    labels = {**OF_SALES, "kitchen.example.com/tenant": tenant}
    inside = [an_object("v1", "Service", "minio", "object-store"), an_object("v1", "Secret", "root", "object-store")]
    given = rights([*OBJECTS, labelled(an_object("v1", "Namespace", "object-store", ""), labels), *inside], way)
    stated = statements(manifests(given, way, "dev", account(way, "dev", None)), given, SETTINGS)
    assert [entry["name"] for entry in stated if entry["what"] == "namespace"] == ["object-store"]
