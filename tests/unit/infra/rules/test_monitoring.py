"""Settings of metrics and objectives: bad ones are one line each, good ones become facts of the table."""

from __future__ import annotations

import copy
import datetime
from pathlib import Path
from typing import Any

import pytest

from components.observability.rules import all_records
from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.load import load_settings, read_stack_file
from infra.monitoring import alerts, facts, namespace, platform_targets, rule_groups, targets
from infra.settings import Settings
from tests.monitoring.support.certificates import pair
from tests.unit.support.entry import with_entry
from tools.local.workspace import REPOSITORY

FILE = read_stack_file(REPOSITORY / "Pulumi.dev.yaml")
DAY = 86400
PASSWORD = "canary/of+a.password"
WHO = f"kitchen:{PASSWORD}"
MAIL = {"smarthost": "mail.kitchen.example:587", "from": "kitchen@kitchen.example"}


def data(monitoring: dict[str, Any], **more: Any) -> dict[str, Any]:
    return copy.deepcopy(FILE) | {"monitoring": monitoring} | more


def loaded(monitoring: dict[str, Any], **more: Any) -> Settings:
    return load_settings(data(monitoring, **more), load_catalog())


def objective(**said: float) -> dict[str, Any]:
    return {"objectives": {"support": said}}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "first tokens between two edges": (
        data(objective(ttftSeconds=3)),
        "monitoring.objectives.support.ttftSeconds: 3; rule: Prometheus has counts at the edges of vLLM's buckets"
        " alone, and a rule between two never says anything; nearest: 2.5 and 5 seconds; example: ttftSeconds: 2.5",
    ),
    "speed between two edges": (
        data(objective(tpsPerUser=30)),
        "nearest: 20 and 40 tokens a second; example: tpsPerUser: 20",
    ),
    "a share that can burn no budget fast": (data(objective(ttftSeconds=1, share=0.9)), "must be at least 0.94"),
    "an availability that can burn no budget fast": (data(objective(availability=0.9)), "must be at least 0.94"),
    "no such kitchen": (data({"objectives": {"nobody": {"ttftSeconds": 1}}}), "must be a kitchen, and no canary"),
    "tokens of a kitchen of vectors": (
        data({"objectives": {"search": {"tpsPerUser": 20}}}),
        "is about tokens, and the kitchen generates none",
    ),
    "a tenant's namespace": (
        data({"namespace": "sales-dev"}),
        'monitoring.namespace: "sales-dev"; rule: is the namespace of tenants.sales',
    ),
    **{
        f"the namespace {name}": (data({"namespace": name}), f'monitoring.namespace: "{name}"; rule: must end in -dev')
        for name in ("kube-system", "default", "openshift-monitoring", "gpu-operator", "sales-prod", "monitoring-prod")
    },
    "a namespace with a name of the cluster's": (
        data({"namespace": "kube-alerts-dev"}),
        "is a name of the cluster's own namespaces",
    ),
    "a part of the platform in a tenant's namespace": (
        data({"scrapes": {"kube": {"namespace": "sales-dev"}}}),
        'monitoring.scrapes.kube.namespace: "sales-dev"; rule: is the namespace of tenants.sales',
    ),
    "rules in the namespace of a part of the platform": (
        data({"namespace": "gpus-dev", "scrapes": {"gpu": {"namespace": "gpus-dev"}}}),
        'monitoring.namespace: "gpus-dev"; rule: is the namespace of monitoring.scrapes.gpu',
    ),
    "another tenant's label": (
        data({"labels": {"kitchen.example.com/tenant": "sales"}}),
        'monitoring.labels.kitchen.example.com/tenant: "sales"; rule: says whose an object is',
    ),
    "a label by which helm takes objects": (
        data({"labels": {"app.kubernetes.io/managed-by": "helm"}}),
        "says whose an object is, and the program writes it",
    ),
    **{
        f"the label {name[:9]}": (data({"labels": {name: "x"}}), "monitoring.labels: ")
        for name in ("a//b", "a/b/c", "Example.com/a", f"example.com/{'a' * 64}")
    },
    **{
        f"the port {name}": (data({"scrapes": {"gpu": {"port": name}}}), f'monitoring.scrapes.gpu.port: "{name}"')
        for name in ("9400", "a--b")
    },
    "a port that is none": (
        data({"runbook": "https://docs.kitchen.example:99999"}),
        'monitoring.runbook: "https://docs.kitchen.example:99999"; rule: the port must be 1 to 65535',
    ),
    "a port of mail that is none": (
        data({"alertmanager": {"email": {**MAIL, "smarthost": "mail:0", "to": {"security-page": ["a@b.example"]}}}}),
        "rule: the port must be 1 to 65535",
    ),
    "a share of nothing": (
        data(objective(share=0.99)),
        "monitoring.objectives.support.share: 0.99; rule: is the share",
    ),
    "a share of a kitchen of vectors": (
        data({"objectives": {"search": {"share": 0.99, "availability": 0.995}}}),
        "example: availability: 0.995 (and no share)",
    ),
    "a number where a word of a list must be": (data({"dashboards": 3}), "monitoring.dashboards: 3; rule: must be of"),
    "a number without end": (data(objective(ttftSeconds=10**400)), "must be at most 2560"),
    "files and objects": (
        data({"form": "files"}, platform={"kind": "kubernetes", "monitoring": True}),
        'monitoring.form: "files"; rule: platform.monitoring makes objects',
    ),
    "another namespace on OpenShift": (
        data({"scrapes": {"gpu": {}}}, platform={"kind": "openshift"}),
        'monitoring.scrapes.gpu: "gpu"; rule: OpenShift\'s own monitoring scrapes it',
    ),
    "mail to a receiver that is not there": (
        data({"alertmanager": {"email": {**MAIL, "to": {"tenant-nobody-page": ["a@kitchen.example"]}}}}),
        "monitoring.alertmanager.email.to",
    ),
    "no address of mail": (
        data({"alertmanager": {"email": {**MAIL, "to": {"security-page": ["nobody"]}}}}),
        "monitoring.alertmanager.email.to.security-page.0",
    ),
    "no day": (data({"ends": [{"what": "licence", "name": "a", "until": "2027-02-30"}]}), "must be a day"),
    "an end twice": (
        data({"ends": [{"what": "licence", "name": "a", "until": day} for day in ("2027-01-01", "2028-01-01")]}),
        "each thing ends once",
    ),
    "a page before the ticket": (
        data({"thresholds": {"endsWithinDays": 3, "pageWithinDays": 4}}),
        "monitoring.thresholds.pageWithinDays: 4; rule: the page comes before the ticket, which comes 3 days"
        " (endsWithinDays) before the end; example: pageWithinDays: 2",
    ),
    "a form of tomorrow": (data({"form": "push"}), "must be one of"),
    "dashboards of tomorrow": (data({"dashboards": "kibana"}), "must be one of"),
    "objects of dashboards without a namespace": (
        data({"dashboards": "perses"}),
        'monitoring.dashboards: "perses"; rule: objects of dashboards lie in the namespace that comes with'
        " platform.monitoring, and it is off; example: dashboards: files, or platform: {monitoring: true}",
    ),
    "every pod of the monitoring": (data({"scraperPods": {}}), "monitoring.scraperPods"),
    "a scraper without a name": (
        data({"scraperPods": {"app.kubernetes.io/name": ""}}),
        "monitoring.scraperPods.app.kubernetes.io/name",
    ),
    "a check of tomorrow": (data({"checks": ["vibes"]}), "must be one of"),
    "an address with a key": (data({"runbook": "https://a:b@docs.kitchen.example"}), "monitoring.runbook"),
    "a share above one": (data({"thresholds": {"errorShare": 5}}), "monitoring.thresholds.errorShare"),
    "a threshold of tomorrow": (data({"thresholds": {"moon": 5}}), "monitoring.thresholds"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_fault_is_one_line(name: str) -> None:
    written, says = WRONG[name]
    with pytest.raises(FaultsError) as caught:
        load_settings(written, load_catalog())
    assert any(says in str(fault) for fault in caught.value.faults), str(caught.value)


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(FaultsError) as caught:
        loaded({"objectives": {"support": {"ttftSeconds": 3, "tpsPerUser": 30}, "nobody": {"availability": 0.99}}})
    assert len(caught.value.faults) == 3


def test_what_is_not_stated_has_defaults() -> None:
    settings = load_settings(copy.deepcopy(FILE), load_catalog())
    assert namespace(settings) == "monitoring-dev"
    assert {alert.subject for alert in alerts(settings)} == {*("serving", "adapters", "gpu", "platform", "delivery")}
    assert facts(settings).thresholds.ends_within_days == 14


def test_objectives_are_edges_and_hold_for_the_canary_too() -> None:
    changed = data(objective(ttftSeconds=2.5, tpsPerUser=13.33, availability=0.995), phase=4)
    changed["platform"] |= {"gatewayApi": {"gateway": "a", "namespace": "b", "domain": "models.kitchen.example"}}
    changed["kitchens"]["support"]["canary"] = {"weight": 10}
    changed["tenants"]["helpdesk"]["quota"]["gpus"] = 6
    settings = load_settings(changed, load_catalog())
    said = {kitchen.name: kitchen.objective for kitchen in facts(settings).kitchens}
    assert said["support"] == said["support-canary"]
    assert (said["support"].ttft_seconds, said["support"].token_seconds) == (2.5, 0.075)
    assert said["summary"].ttft_seconds is None


def test_what_gpus_cost_is_a_constant_of_each_kitchen_that_has_a_price() -> None:
    prices = {"currency": "JPY", "gpuHour": {"l40s": 120.5}, "kitchens": {"support": {"gpuHour": 90}}}
    some = {"runbook": "https://docs.kitchen.example"}
    found = facts(loaded(some, prices=prices))
    told = {
        record.labels["kitchen"]: (record.expression, record.labels["currency"])
        for record in all_records(found)
        if record.name == "kitchen:gpu_hour_price"
    }
    assert told["support"] == ("vector(90)", "JPY")
    assert told["summary"] == ("vector(120.5)", "JPY")
    assert {one.name for one in found.kitchens} == set(told)
    of_one = {"currency": "EUR", "kitchens": {"support": {"gpuHour": 2}}}
    priced = [one.name for one in facts(loaded(some, prices=of_one)).kitchens if one.gpu_hour_price is not None]
    assert [name for name in priced if not name.startswith("support")] == []
    assert {record.name for record in all_records(facts(loaded(some)))} & {"kitchen:gpu_hour_price"} == set()


def test_what_ends_is_over_after_its_last_day() -> None:
    settings = loaded({"ends": [{"what": "licence", "name": "a", "until": "1970-01-01"}]})
    assert [(end.what, end.timestamp) for end in facts(settings).ends] == [("licence", DAY)]


def test_authorities_that_are_stated_end_with_their_newest_certificate(tmp_path: Path) -> None:
    """A bundle that holds the renewed certificate beside the old one is good until the renewed one ends."""
    stated = [pair(tmp_path, days=days)[0].read_text() for days in (3, 90)]
    now = datetime.datetime.now(datetime.UTC).timestamp()
    changed = data({"thresholds": {"waiting": 50}})
    changed["objectStore"] |= {"tls": {"caBundle": "kitchen-ca", "certificates": "".join(stated)}}
    (end,) = facts(load_settings(changed, load_catalog())).ends
    assert (end.what, end.name.partition(":")[0]) == ("certificate", "objectStore.tls.certificates")
    assert 80 * DAY < end.timestamp - now < 100 * DAY


def test_days_of_tickets_and_pages() -> None:
    stated = facts(loaded({"thresholds": {"endsWithinDays": 30, "pageWithinDays": 30}})).thresholds
    assert (stated.ends_within_days, stated.page_within_days) == (30, 30)


def test_gpus_are_expected_where_a_kitchen_asks_for_nvidia_s() -> None:
    """Alerts on GPUs are of NVIDIA's exporter: where no pool that is used has such devices, it is not missed."""
    assert facts(loaded({"checks": ["drift"]})).gpus
    other = data({"checks": ["drift"]})
    for pool in other["gpuPools"].values():
        pool["resource"] = "example.com/device"
    said = load_settings(other, load_catalog())
    assert not facts(said).gpus
    assert [alert.id for alert in alerts(said) if alert.subject == "gpu"] == []


def test_parts_are_those_that_are_scraped() -> None:
    settings = load_settings(
        with_entry({}) | {"monitoring": {"scrapes": {"gpu": {"namespace": "nvidia"}}}}, load_catalog()
    )
    assert facts(settings).parts["gpu"] == "nvidia"
    assert {facts(settings).parts[part] for part in ("entry", "record")} == {"entry-dev"}
    assert [(one.part, one.namespace, one.port) for one in platform_targets(settings)] == [
        ("gpu", "nvidia", "gpu-metrics")
    ]
    assert "entry" in [target.name for target in targets(settings)]


def test_names_of_targets_and_groups_are_unique() -> None:
    settings = load_settings(with_entry({}), load_catalog())
    found = [(target.namespace, target.name) for target in targets(settings)]
    assert len(found) == len(set(found))
    names = [group.name for group in rule_groups(settings)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "monitoring",
    [
        {"runbook": f"https://{WHO}@docs.kitchen.example"},
        {"alertmanager": {"email": {**MAIL, "smarthost": f"{WHO}@mail:587", "to": {"security-page": ["a@b.example"]}}}},
        {"alertmanager": {"email": {**MAIL, "password": PASSWORD, "to": {"security-page": ["a@b.example"]}}}},
        {"alertmanager": {"email": {**MAIL, "auth_password": PASSWORD, "to": {"security-page": ["a@b.example"]}}}},
    ],
)
def test_no_message_shows_a_password(monitoring: dict[str, Any]) -> None:
    with pytest.raises(FaultsError) as caught:
        loaded(monitoring)
    assert PASSWORD not in str(caught.value)


def test_the_last_day_that_there_is_is_no_fault() -> None:
    settings = loaded({"ends": [{"what": "licence", "name": "x", "until": "9999-12-31"}]})
    (end,) = [end for end in facts(settings).ends if end.name == "x"]
    assert end.timestamp == 253402300800
