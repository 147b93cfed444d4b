"""The one look: lists by label, what they do not show by name, and the store beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from tests.unit.tools.drift.objects import MANAGER, live_object, recorded_object
from tools.drift import Drift, look, recorded
from tools.drift.compare import StoreDrift
from tools.drift.look import MADE
from tools.kube import Kind, KubeError, Listing, Object

QUOTA = recorded_object("ResourceQuota", "quota", spec={})
ROLE = recorded_object("Role", "kitchen-owner", api="rbac.authorization.k8s.io/v1", rules=[1])
ROUTE = recorded_object("HTTPRoute", "support", api="gateway.networking.k8s.io/v1", spec={})
ROLES = Kind("rbac.authorization.k8s.io/v1", "Role")


class Cluster:
    """Shows `listed` in lists, `named` by name, and knows no other object."""

    def __init__(self, *listed: Object, named: Sequence[Object] = (), unread: Mapping[Kind, str] | None = None) -> None:
        self.listed, self.named, self.unread = listed, named, unread or {}
        self.asked: list[str] = []
        self.kinds: set[Kind] = set()
        self.labels: Mapping[str, str] = {}
        self.refused: set[str] = set()
        self.lacks: set[Kind] = set()

    def listing(self, kinds: Iterable[Kind], *, selector: Mapping[str, str], namespaces: Sequence[str]) -> Listing:
        self.kinds, self.labels = set(kinds), selector
        found = [(Kind(entry["apiVersion"], entry["kind"]), entry) for entry in self.listed]
        return Listing(objects=found, unread=self.unread)

    def served(self) -> set[Kind]:
        return self.kinds - self.lacks

    def get_all(self, wanted: Sequence[tuple[Kind, str, str]]) -> list[Object | KubeError | None]:
        self.asked += [name for _, _, name in wanted]
        by_name: dict[str, Object] = {entry["metadata"]["name"]: entry for entry in self.named}
        return [KubeError("403: no") if name in self.refused else by_name.get(name) for _, _, name in wanted]


def seen(resources: list[dict[str, Any]], cluster: Cluster, **more: Any) -> Drift:
    kube: Any = cluster
    return look(resources, kube, manager=MANAGER, environment="dev", **more)


def test_every_recorded_kind_and_every_kind_that_may_be_left_is_listed_by_label() -> None:
    cluster = Cluster(live_object(QUOTA), live_object(ROUTE))
    assert seen([QUOTA, ROUTE], cluster) == Drift()
    assert cluster.kinds == {Kind("gateway.networking.k8s.io/v1", "HTTPRoute"), *MADE}
    assert cluster.labels == {
        "app.kubernetes.io/part-of": "private-ai-kitchen",
        "kitchen.example.com/environment": "dev",
    }
    assert cluster.asked == [], "what a list has shown is not asked for again"


def test_an_object_that_has_lost_its_labels_is_not_called_gone() -> None:
    cluster = Cluster(named=[live_object(QUOTA)])
    assert seen([QUOTA], cluster) == Drift()
    assert cluster.asked == ["quota"]


def test_what_no_list_and_no_look_by_name_shows_is_gone() -> None:
    assert [entry.name for entry in seen([QUOTA], Cluster()).missing] == ["quota"]


def test_a_list_that_is_forbidden_is_made_up_for_by_name() -> None:
    cluster = Cluster(named=[live_object(ROLE)], unread={ROLES: "listing Role: 403: no"})
    assert seen([ROLE], cluster) == Drift()


def test_a_kind_that_may_not_be_read_by_name_either_is_told() -> None:
    cluster = Cluster(unread={ROLES: "listing Role: 403: no"})
    cluster.refused = {"kitchen-owner"}
    found = seen([ROLE], cluster)
    assert (found.missing, found.unread) == ((), ("Role: 403: no",))


@pytest.mark.parametrize(("recorded_too", "told"), [(True, ("Role: the cluster serves no Role",)), (False, ())])
def test_a_kind_that_is_not_served_is_told_where_the_state_has_objects_of_it(
    *, recorded_too: bool, told: tuple[str, ...]
) -> None:
    cluster = Cluster(live_object(QUOTA), unread={ROLES: "the cluster serves no Role"})
    cluster.lacks = {ROLES}
    found = seen([QUOTA, *([ROLE] if recorded_too else [])], cluster)
    assert (found.missing, found.unread) == ((), told)


def test_what_the_store_lacks_goes_the_same_way() -> None:
    gone = StoreDrift(urn="urn:bucket", name="bucket dev-lora", what=())
    found = seen([QUOTA], Cluster(live_object(QUOTA)), store=lambda resources: ([gone], ["bucket dev-audit: refused"]))
    assert (found.gone, found.unread) == (["urn:bucket"], ("bucket dev-audit: refused",))


def test_components_and_providers_are_no_objects_of_the_cluster() -> None:
    component = {"urn": "a", "type": "kitchen:tenancy:Tenant", "custom": False}
    provider = {"urn": "b", "type": "pulumi:providers:kubernetes", "custom": True, "inputs": {}}
    assert recorded([component, provider, QUOTA])[0].urn == QUOTA["urn"]
    assert len(recorded([component, provider, QUOTA])) == 1
