"""Rights that nobody declares are known by what they allow; a name or a label proves nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.tools.drift.objects import live_object, recorded_object
from tests.unit.tools.drift_report.test_objects import NAMESPACE, Cluster, plain, seen
from tools.drift_report.findings import Seen
from tools.drift_report.grants import IDENTITY_LABEL, OF_OPENSHIFT
from tools.kube import KubeError, Object

RBAC = "rbac.authorization.k8s.io/v1"
QUOTA = recorded_object("ResourceQuota", "quota", spec={"hard": {"requests.cpu": "64"}})
READS = {"apiGroups": [""], "resources": ["resourcequotas"], "verbs": ["get", "list", "watch", "create", "patch"]}
SECRETS = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
OF_CI = {"kind": "ServiceAccount", "name": "kitchen-ci-dev", "namespace": "kitchen-delivery"}


def binding(name: str, role: tuple[str, str], *subjects: dict[str, str], **metadata: Any) -> Object:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": role[0], "name": role[1]}
    return {**plain("RoleBinding", name, RBAC, **metadata), "roleRef": reference, "subjects": list(subjects)}


def role(way: str, *rules: dict[str, Any], name: str = "") -> Object:
    made = plain("Role", name or f"kitchen-{way}-dev", RBAC, labels={IDENTITY_LABEL: way})
    return {**made, "rules": list(rules)}


def of_way(way: str, *subjects: dict[str, str], bound: str = "kitchen-ci-dev") -> Object:
    return binding(f"kitchen-{way}-dev", ("Role", bound), *subjects, labels={IDENTITY_LABEL: way})


def found(*live: Object) -> Seen:
    return seen([NAMESPACE, QUOTA], live_object(NAMESPACE), live_object(QUOTA), *live)


def titles(*live: Object) -> list[tuple[str, str]]:
    return [(finding.title, finding.more) for finding in found(*live).findings]


def test_bindings_of_openshift_are_known_by_what_they_bind() -> None:
    own = [
        binding("system:deployers", ("ClusterRole", "system:deployer"), {"kind": "ServiceAccount", "name": "deployer"}),
        binding(
            "system:image-builders",
            ("ClusterRole", "system:image-builder"),
            {"kind": "ServiceAccount", "name": "builder", "namespace": "sales-dev"},
        ),
        binding(
            "system:image-pullers",
            ("ClusterRole", "system:image-puller"),
            {"kind": "Group", "name": "system:serviceaccounts:sales-dev"},
        ),
    ]
    assert {one["metadata"]["name"] for one in own} == set(OF_OPENSHIFT)
    assert titles(*own) == []
    assert found(*own).known == {"of-namespace": 3}


@pytest.mark.parametrize(
    ("bound", "subject"),
    [
        (("ClusterRole", "cluster-admin"), {"kind": "ServiceAccount", "name": "deployer"}),
        (("Role", "system:deployer"), {"kind": "ServiceAccount", "name": "deployer"}),
        (("ClusterRole", "system:deployer"), {"kind": "User", "name": "mallory"}),
        (("ClusterRole", "system:deployer"), {"kind": "ServiceAccount", "name": "deployer", "namespace": "other"}),
    ],
)
def test_a_binding_that_only_has_openshift_s_name_is_told(bound: tuple[str, str], subject: dict[str, str]) -> None:
    said = titles(binding("system:deployers", bound, subject))
    assert said == [("RoleBinding sales-dev/system:deployers", "binds another role")]


def test_what_kitchen_identity_renders_is_known() -> None:
    account = plain("ServiceAccount", "kitchen-ci-dev", labels={IDENTITY_LABEL: "ci"})
    looks = {"apiGroups": ["example.com"], "resources": ["things"], "verbs": ["get", "list"]}
    there = found(role("ci", READS), of_way("ci", OF_CI), account, role("drift", looks))
    assert (there.findings, there.unasked) == ([], [])
    assert there.known == {"deployer": 4}


@pytest.mark.parametrize(
    ("live", "more"),
    [
        (role("ci", SECRETS), "allows what `kitchen identity` does not: get secrets"),
        (role("ci", {**READS, "verbs": ["*"]}), "allows what `kitchen identity` does not: * resourcequotas"),
        (
            role("drift", {**SECRETS, "resources": ["pods/exec"]}),
            "allows what `kitchen identity` does not: get pods/exec",
        ),
        (role("drift", SECRETS), "allows what `kitchen identity` does not: get secrets"),
        (role("evil", READS), ""),
        ({**role("ci"), "apiVersion": "iam.example.com/v1"}, ""),
        ({**plain("ServiceAccount", "kitchen-ci-dev", labels={IDENTITY_LABEL: "drift"})}, ""),
        (role("ci", READS, name="kitchen-ci-evil"), ""),
        (of_way("ci", OF_CI, bound="admin"), "binds other than the role of its name to one account"),
        (of_way("ci", OF_CI, OF_CI), "binds other than the role of its name to one account"),
        (of_way("ci", {"kind": "User", "name": "m"}), "binds other than the role of its name to one account"),
    ],
)
def test_a_label_and_a_name_hide_no_right(live: Object, more: str) -> None:
    assert titles(live) == [(f"{live['kind']} sales-dev/{live['metadata']['name']}", more)]


def test_rights_that_another_account_has_are_said() -> None:
    there = found(of_way("ci", {**OF_CI, "namespace": "build", "name": "runner"}))
    assert there.findings == []
    assert [(one.kind, one.name, one.why) for one in there.unjudged] == [
        ("RoleBinding", "sales-dev/kitchen-ci-dev", "gives build/runner the rights of way ci")
    ]
    own = {**OF_CI, "namespace": "sales-dev", "name": "default"}
    assert [more for _, more in titles(of_way("ci", own))] == [
        "gives sales-dev/default, an account of the environment, the rights of whoever deploys"
    ]


SCHEDULED = recorded_object("LLMInferenceService", "chat", api="serving.kserve.io/v1alpha2", spec={})
LIVE = live_object(SCHEDULED)
LIVE = {**LIVE, "metadata": {**LIVE["metadata"], "uid": "chat"}}
OWNER = [{"kind": "LLMInferenceService", "name": "chat", "uid": "chat", "controller": True}]
EPP = {"kind": "ServiceAccount", "name": "chat-epp-sa", "namespace": "sales-dev"}
PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}


def of_scheduler(*rules: dict[str, Any]) -> Object:
    return {**plain("Role", "chat-epp-role", RBAC, ownerReferences=OWNER), "rules": list(rules)}


def bound_scheduler(*subjects: dict[str, str], role: str = "Role") -> Object:
    return binding("chat-epp-rb", (role, "chat-epp-role"), *subjects, ownerReferences=OWNER)


def test_a_scheduler_that_is_not_there_has_no_rights() -> None:
    told = {finding.name for finding in found(of_scheduler(PODS), bound_scheduler(EPP)).findings}
    assert told == {"chat-epp-role", "chat-epp-rb"}


@pytest.mark.parametrize(
    ("live", "count"),
    [
        (of_scheduler(PODS), 0),
        (of_scheduler({"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["update"]}), 0),
        (of_scheduler(SECRETS), 1),
        (of_scheduler({**PODS, "resources": ["pods/exec"]}), 1),
        (of_scheduler({**PODS, "verbs": ["delete"]}), 1),
        (of_scheduler({**PODS, "resources": ["*"]}), 1),
        (bound_scheduler(EPP), 0),
        (bound_scheduler({"kind": "User", "name": "mallory"}), 1),
        (bound_scheduler({**EPP, "namespace": "other"}), 1),
        (bound_scheduler(EPP, role="ClusterRole"), 1),
    ],
)
def test_an_owner_that_somebody_has_written_hides_no_right(live: Object, count: int) -> None:
    there = seen([NAMESPACE, SCHEDULED], live_object(NAMESPACE), LIVE, live)
    assert len(there.findings) == count
    assert there.known["child"] == 1 - count


def test_a_role_that_gives_no_answer_is_no_drift_and_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cluster, "get_all", lambda _, wanted: [KubeError("Role: 500: no") for _ in wanted])
    there = found(role("ci", READS))
    assert (there.findings, there.unread) == ([], ["Role: 500: no"])
