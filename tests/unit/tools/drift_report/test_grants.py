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
    assert there.unasked == ["whether build/runner is to have the rights of way ci in sales-dev"]


def test_a_role_that_gives_no_answer_is_no_drift_and_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cluster, "get_all", lambda _, wanted: [KubeError("Role: 500: no") for _ in wanted])
    there = found(role("ci", READS))
    assert (there.findings, there.unread) == ([], ["Role: 500: no"])
