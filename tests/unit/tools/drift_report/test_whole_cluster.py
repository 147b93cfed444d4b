"""What reaches into our namespaces from beside them; the real API server has its part in tests/cluster."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.tools.drift.objects import live_object, recorded_object
from tests.unit.tools.drift_report.test_objects import NAMESPACE, plain, seen
from tools.drift_report.cluster_hooks import network, policy, server, webhook
from tools.drift_report.cluster_rights import Reach, Served, reach

OURS = {"sales-dev": {"kubernetes.io/metadata.name": "sales-dev", "tier": "gold"}}
SERVED = Served(plurals={"": frozenset({"pods", "secrets", "namespaces"}), "apps": frozenset({"deployments"})})
VIEW = {"metadata": {"name": "view"}, "rules": [{"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}]}
ROLES = {
    "view": VIEW,
    "all": {"metadata": {}, "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]},
    "nodes": {"metadata": {}, "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}]},
    "system:auth-delegator": {"metadata": {}, "rules": []},
}


def reached(role: str, *subjects: tuple[str, str], delegating: tuple[str, ...] = (), **marks: str) -> Reach | None:
    rows = [{"kind": kind, "namespace": name.partition("/")[0], "name": name.rpartition("/")[2]}
            for kind, name in subjects]  # fmt: skip
    binding = {"metadata": {"name": "a", "labels": marks}, "roleRef": {"name": role}, "subjects": rows}
    return reach(binding, ROLES, SERVED, OURS, delegating)


@pytest.mark.parametrize(
    "subject",
    [
        ("ServiceAccount", "sales-dev/default"),
        ("Group", "system:serviceaccounts:sales-dev"),
        ("User", "system:serviceaccount:sales-dev:default"),
    ],
)
def test_our_accounts_have_no_role_of_the_cluster_whatever_it_allows(subject: tuple[str, str]) -> None:
    for role in ("nodes", "view", "not-there"):
        found = reached(role, ("User", "eve"), subject)
        assert found is not None and found.is_drift
        assert found.why.startswith("gives ")


def test_everybody_is_told_where_the_role_reaches_namespaces() -> None:
    for who in (
        "system:authenticated",
        "system:authenticated:oauth",
        "system:unauthenticated",
        "system:serviceaccounts",
    ):
        found = reached("view", ("Group", who))
        assert found is not None and found.is_drift
        assert found.why == f"lets Group {who} read pods in every namespace"
        assert reached("nodes", ("Group", who)) is None


def test_others_are_named_and_not_told_and_the_cluster_s_own_are_neither() -> None:
    found = reached("all", ("User", "eve"))
    assert found is not None and not found.is_drift
    assert (
        found.why
        == "lets User eve read and change secrets, pods, namespaces, apiservices and 18 more kinds in every namespace"
    )
    built = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    assert reached("all", ("User", "eve"), **built) is not None, "a label alone hides nobody"
    assert reached("all", ("Group", "system:masters"), **built) is not None, "the role has to be built in too"


@pytest.mark.parametrize(
    ("group", "resource", "verb", "reaches"),
    [
        ("", "users", "impersonate", True),
        ("", "nodes/proxy", "get", True),
        ("", "nodes/*", "get", True),
        ("", "nodes", "get", False),
        ("rbac.authorization.k8s.io", "clusterrolebindings", "create", True),
        ("rbac.authorization.k8s.io", "clusterrolebindings", "list", False),
        ("*", "mutatingwebhookconfigurations", "patch", True),
        ("certificates.k8s.io", "certificatesigningrequests", "create", False),
        ("certificates.k8s.io", "certificatesigningrequests/approval", "update", True),
    ],
)
def test_a_role_reaches_namespaces_by_what_lies_in_none(group: str, resource: str, verb: str, reaches: bool) -> None:
    rule = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
    assert bool(SERVED.words([rule])) == reaches


def test_the_account_of_a_scheduler_may_ask_whether_tokens_are_good() -> None:
    account = ("ServiceAccount", "sales-dev/epp")
    assert reached("system:auth-delegator", account) == Reach(
        why="gives ServiceAccount sales-dev/epp of ours the ClusterRole system:auth-delegator", is_drift=True
    )
    found = reached("system:auth-delegator", account, delegating=("sales-dev",))
    assert found is not None and found.is_known


def hook(selector: dict[str, Any] | None, client: dict[str, Any], resources: tuple[str, ...] = ("pods",)) -> Any:
    rules = [{"apiGroups": [""], "resources": list(resources)}]
    row = {"namespaceSelector": selector, "clientConfig": {**client, "caBundle": "x"}, "rules": rules}
    return webhook({"kind": "MutatingWebhookConfiguration", "webhooks": [row]}, SERVED, OURS)


SERVICE = {"service": {"namespace": "kserve", "name": "hook"}}


@pytest.mark.parametrize(
    ("selector", "is_seen"),
    [
        (None, True),
        ({}, True),
        ({"matchLabels": {"tier": "gold"}}, True),
        ({"matchLabels": {"tier": "tin"}}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["gold", "tin"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["gold"]}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "Gt", "values": ["1"]}]}, True),
    ],
)
def test_a_webhook_is_seen_by_its_selector(selector: dict[str, Any] | None, is_seen: bool) -> None:
    assert (hook(selector, SERVICE) is not None) == is_seen
    assert hook(selector, SERVICE, ("nodes",)) is None


def test_a_webhook_that_no_platform_has_is_told_and_its_address_is_not_shown() -> None:
    assert not hook(None, SERVICE).is_drift
    assert hook(None, {"service": {"namespace": "sales-dev", "name": "a"}}).is_drift
    outside = hook(None, {"url": "https://example.com/canary"})
    assert outside.is_drift and "canary" not in outside.why
    assert not hook(None, {"url": "https://127.0.0.1:9443/x"}).is_drift


def test_a_new_certificate_of_a_webhook_is_no_other_webhook() -> None:
    assert "caBundle" not in str(hook(None, SERVICE).content)
    assert "canary" not in str(hook(None, {"url": "https://example.com/canary"}).content)


def test_policies_servers_and_networks_are_seen() -> None:
    spec = {"policyName": "p", "matchResources": {"namespaceSelector": {"matchLabels": {"tier": "gold"}}}}
    found = policy({"spec": spec}, {"p": {"spec": {"x": 1}}}, OURS)
    assert found is not None and found.content == [spec, {"x": 1}]
    assert (
        policy({"spec": {**spec, "matchResources": {"namespaceSelector": {"matchLabels": {"a": "b"}}}}}, {}, OURS)
        is None
    )
    taken = {"spec": {"group": "apps", "service": {"namespace": "x", "name": "y"}}}
    told = server(taken, {"apps"}, OURS)
    assert told is not None and told.is_drift
    assert server(taken, {"batch"}, OURS) is None
    assert server({"spec": {"group": "apps"}}, {"apps"}, OURS) is None
    routes = {"spec": {"group": "route.openshift.io", "service": {"namespace": "openshift-apiserver", "name": "api"}}}
    told = server(routes, {"route.openshift.io"}, OURS)
    assert told is not None and not told.is_drift, "OpenShift answers for routes itself"
    routes["spec"]["service"] = {"namespace": "openshift-apiserver", "name": "other"}
    told = server(routes, {"route.openshift.io"}, OURS)
    assert told is not None and told.is_drift
    assert network({"spec": {"subject": {"namespaces": {"matchLabels": {"tier": "gold"}}}}}, OURS) is not None
    assert network({"spec": {"subject": {"pods": {"namespaceSelector": {"matchLabels": {"a": "b"}}}}}}, OURS) is None


def test_what_has_our_labels_and_no_state_knows_is_told() -> None:
    labels = {"app.kubernetes.io/part-of": "private-ai-kitchen", "kitchen.example.com/environment": "dev"}
    role = plain("ClusterRole", "left", "rbac.authorization.k8s.io/v1", labels=labels, namespace="")
    found = seen([NAMESPACE], live_object(NAMESPACE), role)
    assert [(one.kind, one.name) for one in found.findings] == [("ClusterRole", "left")]


def test_a_role_of_identity_that_allows_more_is_told() -> None:
    labels = {"kitchen.example.com/identity": "drift"}
    reads = {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "list"]}
    for rules, count in (
        ([reads], 0),
        ([reads, {**reads, "resources": ["secrets"]}], 1),
        ([{**reads, "verbs": ["*"]}], 1),
    ):
        role = plain("ClusterRole", "kitchen-drift-dev", "rbac.authorization.k8s.io/v1", labels=labels, namespace="")
        found = seen([NAMESPACE], live_object(NAMESPACE), {**role, "rules": rules})
        assert len(found.findings) == count, rules
        assert found.known["deployer"] == 1 - count


def test_a_kind_that_is_skipped_is_not_asked_for() -> None:
    binding = plain("ClusterRoleBinding", "a", "rbac.authorization.k8s.io/v1", namespace="")
    bound = {
        **binding,
        "roleRef": {"name": "x"},
        "subjects": [{"kind": "User", "name": "system:serviceaccount:sales-dev:a"}],
    }
    assert [one.name for one in seen([NAMESPACE], live_object(NAMESPACE), bound).unjudged] == ["a"]
    found = seen([NAMESPACE], live_object(NAMESPACE), bound, skipped=frozenset({"ClusterRoleBinding"}))
    assert found.unjudged == []
    assert "objects of kind ClusterRoleBinding, 0 of them declared: --skip ClusterRoleBinding" in found.unasked


def test_without_roles_it_is_said_that_bindings_are_not_judged() -> None:
    found = seen([NAMESPACE], live_object(NAMESPACE), skipped=frozenset({"ClusterRole"}))
    said = "what a ClusterRoleBinding allows to others than accounts of ours: --skip ClusterRole"
    assert said in found.unasked


def test_a_recorded_object_of_the_cluster_is_compared_and_not_judged() -> None:
    role = recorded_object("ClusterRole", "ours", "", api="rbac.authorization.k8s.io/v1", rules=[])
    assert seen([NAMESPACE, role], live_object(NAMESPACE), live_object(role)).findings == []
