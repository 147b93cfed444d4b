"""Who answers for an object, and which of it a pod carries."""

from __future__ import annotations

from components.labels import CHANGEABLE, PART_OF, SERVICE_LABEL, Ownership, pod_labels, pod_labels_by_kserve
from infra.catalog import load_catalog
from infra.declared import declared
from infra.load import load_settings
from infra.settings import Settings
from tests.support.serving_options import changes
from tests.unit.infra.test_settings import settings

LABELS = Ownership(environment="dev", tenant="sales", owner="sales-operations", cost_centre="4720").labels("summary")


def test_pods_carry_what_stays_and_nothing_that_may_change() -> None:
    kept = pod_labels(LABELS)
    assert LABELS.items() - kept.items() == {
        ("kitchen.example.com/owner", "sales-operations"),
        ("kitchen.example.com/cost-centre", "4720"),
    }
    assert kept["kitchen.example.com/tenant"] == "sales"
    assert kept["app.kubernetes.io/instance"] == "summary"


def test_kserve_s_copy_of_a_changeable_label_is_overruled() -> None:
    """As KServe makes a pod's labels: the service's, and over them the predictor's."""
    other = Ownership(environment="dev", tenant="sales", owner="retail", cost_centre="9").labels("summary")
    pods = [{**labels, **pod_labels_by_kserve(labels)} for labels in (LABELS, other)]
    assert pods[0] == pods[1]
    assert {pods[0][key] for key in CHANGEABLE} == {""}
    assert pods[0].keys() == LABELS.keys()


def options(**tenants: str) -> Settings:
    """Every option of serving, with other words about each tenant."""
    data = {**settings(), **changes()}
    for tenant in data["tenants"].values():
        tenant.update(tenants)
    return load_settings(data, load_catalog())


def test_another_owner_and_cost_centre_change_no_pod_and_no_name() -> None:
    """Everything that makes pods, by name and content: services, runtimes, lists of adapters, load Jobs."""
    before, after = (declared(said, load_catalog()) for said in (options(), options(owner="b", costCentre="9")))
    assert before == after
    assert {kitchen.service.kind for kitchen in before.kitchens} == {"InferenceService", "LLMInferenceService"}


def test_the_selectors_of_an_llm_service_s_controller_find_its_pods() -> None:
    """KServe 0.20: the Service asks for the controller's own part-of, the tenant's network rules for our label."""
    (digest,) = (kitchen for kitchen in declared(options(), load_catalog()).kitchens if kitchen.name == "digest")
    labels = digest.service.content["spec"]["labels"]
    assert PART_OF not in labels
    assert labels[SERVICE_LABEL] == "digest"
    assert labels.keys().isdisjoint(CHANGEABLE)
