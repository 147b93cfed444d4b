"""Settings: the two environments are right, and every kind of fault is told with path, rule and example."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.catalog import Catalog, load_catalog
from infra.faults import FaultsError
from infra.load import load_settings, read_stack_file, settings_from_file
from tools.local.workspace import REPOSITORY

ADAPTER = "helpdesk-faq/v2026-02-01"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def settings(stack: str = "dev") -> dict[str, Any]:
    return copy.deepcopy(read_stack_file(REPOSITORY / f"Pulumi.{stack}.yaml"))


def faults(data: dict[str, Any], catalog: Catalog) -> str:
    with pytest.raises(FaultsError) as caught:
        load_settings(data, catalog, "Pulumi.dev.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("stack", "tenants", "kitchens", "pools"), [("dev", 2, 3, {"l40s"}), ("prod", 4, 4, {"h100", "l40s"})]
)
def test_both_environments_load(stack: str, tenants: int, kitchens: int, pools: set[str], catalog: Catalog) -> None:
    loaded = settings_from_file(REPOSITORY / f"Pulumi.{stack}.yaml", catalog)
    assert len(loaded.tenants) == tenants
    assert len(loaded.kitchens) == kitchens
    assert set(loaded.gpu_pools) == pools


def test_prod_is_the_production_that_is_asked_for(catalog: Catalog) -> None:
    prod = settings_from_file(REPOSITORY / "Pulumi.prod.yaml", catalog)
    assert len({kitchen.base_model for kitchen in prod.kitchens.values()}) == 2
    assert sum(len(kitchen.adapters) for kitchen in prod.kitchens.values()) >= 6
    assert all(kitchen.replicas >= 2 for kitchen in prod.kitchens.values())
    assert prod.object_store.object_lock_days > 0
    assert prod.protect


def _set(path: str, value: object) -> Any:
    def change(data: dict[str, Any]) -> None:
        *parents, last = path.split("/")
        for key in parents:
            data = data[key]
        data[last] = value

    return change


def _delete(path: str) -> Any:
    def change(data: dict[str, Any]) -> None:
        *parents, last = path.split("/")
        for key in parents:
            data = data[key]
        del data[last]

    return change


EXEMPTION = {
    **{"rule": "pods-have-probes", "object": "Pod team/a", "reason": "a test", "approver": "nobody"},
    "expires": "2026-12-31",
}
STATED = {"group": "example.com", "kind": "Gadget", "reason": "a test"}
BAD: list[tuple[str, Any, list[str]]] = [
    ("missing key", _delete("registry"), ["registry: missing", "must be there", "registry.kitchen.example"]),
    ("missing nested key", _delete("tenants/sales/owner"), ["tenants.sales.owner: missing", "support-team"]),
    ("unknown key", _set("kitchens/support/adaptors", []), ["kitchens.support.adaptors", "unknown key", "adapters"]),
    ("unknown top key", _set("fase", 3), ["fase: 3", "unknown key", "phase"]),
    ("wrong type", _set("phase", "three"), ['phase: "three"', "must be of type integer"]),
    ("wrong nested type", _set("kitchens/support/replicas", "2"), ["kitchens.support.replicas", "integer"]),
    ("whole number with a point", _set("kitchens/support/runtime/maxLoras", 2.0), ["maxLoras: 2.0", "point: 2 ("]),
    (
        "flag's number with a point",
        _set("kitchens/support/runtime/maxModelLen", 8192.0),
        ["runtime.maxModelLen: 8192.0", "must be a whole number, written without a point: 8192"],
    ),
    (
        "adapter not in catalog",
        _set("kitchens/support/adapters", ["nobody/v2026-01-01"]),
        ["kitchens.support.adapters[0]", "an adapter of the catalog", ADAPTER],
    ),
    (
        "adapter reference malformed",
        _set("kitchens/support/adapters", ["helpdesk-faq"]),
        ["kitchens.support.adapters.0", "must match", ADAPTER],
    ),
    (
        "rank above maximum",
        _set("kitchens/support/runtime/maxLoraRank", 8),
        ["kitchens.support.adapters[1]", "rank 16, above runtime.maxLoraRank 8", "maxLoraRank: 16"],
    ),
    (
        "rank that vLLM does not know",
        _set("kitchens/support/runtime/maxLoraRank", 12),
        ["maxLoraRank: 12", "must be one of"],
    ),
    ("pool that does not exist", _set("kitchens/support/pool", "b200"), ["kitchens.support.pool", "l40s"]),
    ("tenant that does not exist", _set("kitchens/support/tenant", "nobody"), ["kitchens.support.tenant", "helpdesk"]),
    (
        "base model not in catalog",
        _set("kitchens/support/baseModel", "gpt/v9"),
        ["kitchens.support.baseModel", "tsuzumi"],
    ),
    (
        "adapter of another base model",
        _set("kitchens/support/adapters", ["code-review/v2026-05-01"]),
        ["was trained on llama-3-8b-instruct/v1"],
    ),
    (
        "two versions of one adapter",
        _set("kitchens/support/adapters", [ADAPTER, "helpdesk-faq/v2026-02-02"]),
        ["one version of an adapter"],
    ),
    (
        "image by tag",
        _set("registry", "registry.kitchen.example/vllm:latest"),
        ["registry", "without scheme, tag or digest"],
    ),
    (
        "image reference for a name",
        _set("kitchens/support/runtime/image", "nginx:latest"),
        ["runtime.image", "never a reference"],
    ),
    (
        "image not in catalog",
        _set("kitchens/support/runtime/image", "triton"),
        ["runtime.image", "an image of the catalog"],
    ),
    ("adapters before phase 3", _set("phase", 2), ["kitchens.support.adapters", "phase 3"]),
    ("kitchens in phase 1", _set("phase", 1), ["phase 1 builds the foundation only"]),
    (
        "too few GPUs in the quota",
        _set("tenants/helpdesk/quota/gpus", 1),
        ["tenants.helpdesk.quota.gpus", "use 3 GPUs", "rollout: replace"],
    ),
    ("too few GPUs in the pool", _set("gpuPools/l40s/gpus", 3), ["gpuPools.l40s.gpus", "use 5 GPUs"]),
    (
        "too little memory in the quota",
        _set("tenants/sales/quota/memoryGiB", 10),
        ["tenants.sales.quota.memoryGiB", "GiB of memory"],
    ),
    (
        "too little storage in the quota",
        _set("tenants/sales/quota/storageGiB", 10),
        ["tenants.sales.quota.storageGiB", "20 GiB of volumes"],
    ),
    (
        "cpu loras below gpu loras",
        _set("kitchens/support/runtime/maxCpuLoras", 1),
        ["maxCpuLoras", "at least maxLoras (2)"],
    ),
    (
        "a port that is none",
        _set("objectStore/endpoint", "https://minio:99999"),
        ["objectStore.endpoint", "1 to 65535"],
    ),
    ("a line break in a label", _set("tenants/sales/owner", "sales\n"), ["tenants.sales.owner", "must match"]),
    ("a taint that is no name", _set("gpuPools/l40s/taint", "_x_"), ["gpuPools.l40s.taint", "must match"]),
    ("a class that is no name", _set("storage/className", "a..b"), ["storage.className", "must match"]),
    (
        "one node's volume for many pods",
        _set("storage/accessMode", "ReadWriteOnce"),
        ["storage.accessMode", "up to 2 pods of tenant helpdesk", "ReadWriteMany"],
    ),
    ("s3 without a Secret", _set("objectStore/kind", "s3"), ["objectStore.existingSecret"]),
    (
        "endpoint with a path",
        _set("objectStore/endpoint", "https://minio.kitchen.example/x"),
        ["objectStore.endpoint", "must match"],
    ),
    (
        "an exemption until no day",
        _set("exemptions", [{**EXEMPTION, "expires": "2026-02-30"}]),
        ["exemptions.0.expires", "2026-02-30", "must be a day of the calendar"],
    ),
    (
        "an exemption of everything",
        _set("exemptions", [{**EXEMPTION, "object": "*"}]),
        ["exemptions.0.object", "not everything"],
    ),
    (
        "every kind of a group",
        _set("policy", {"kinds": [{**STATED, "kind": "*"}]}),
        ["policy.kinds.0.kind", "must match"],
    ),
    (
        "a kind without a reason",
        _set("policy", {"kinds": [{**STATED, "reason": " "}]}),
        ["policy.kinds.0.reason", "say something"],
    ),
    (
        "a kind twice",
        _set("policy", {"kinds": [STATED, {**STATED, "group": ""}, {**STATED, "carriesPods": True}]}),
        ['policy.kinds: "Gadget of example.com"', "each kind is stated once"],
    ),
    ("an exemption twice", _set("exemptions", [EXEMPTION, EXEMPTION]), ["pods-have-probes: Pod", "has one exemption"]),
    (
        "an exemption without an approver",
        _set("exemptions", [{key: value for key, value in EXEMPTION.items() if key != "approver"}]),
        ["exemptions.0.approver: missing"],
    ),
    (
        "an exemption without a reason",
        _set("exemptions", [{**EXEMPTION, "reason": " "}]),
        ["exemptions.0.reason", "say something"],
    ),
]


@pytest.mark.parametrize(("change", "texts"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_settings_are_told_with_path_rule_and_example(change: Any, texts: list[str], catalog: Catalog) -> None:
    data = settings()
    change(data)
    message = faults(data, catalog)
    for text in texts:
        assert text in message
    assert "nothing was changed" in message
    assert "rule:" in message
    assert "example:" in message


def test_an_exemption_is_read(catalog: Catalog) -> None:
    data = settings()
    _set("exemptions", [EXEMPTION])(data)
    (entry,) = load_settings(data, catalog).exemptions
    assert (entry.rule, entry.object, entry.expires) == ("pods-have-probes", "Pod team/a", "2026-12-31")


def test_a_stated_kind_is_read(catalog: Catalog) -> None:
    data = settings()
    _set("policy", {"kinds": [{**STATED, "carriesPods": True}]})(data)
    (entry,) = load_settings(data, catalog).stated_kinds
    assert (entry.group, entry.kind, entry.reason, entry.carries_pods) == ("example.com", "Gadget", "a test", True)


def test_a_composed_name_over_63_characters_is_refused(catalog: Catalog) -> None:
    data = settings()
    data["kitchens"]["a" * 40] = data["kitchens"].pop("support") | {"tenant": "helpdesk-north"}
    data["tenants"]["helpdesk-north"] = data["tenants"].pop("helpdesk")
    message = faults(data, catalog)
    assert "kitchens." + "a" * 40 in message
    assert "at most 63" in message


def test_composed_names_that_would_be_the_same_are_refused(catalog: Catalog) -> None:
    data = settings()
    data["tenants"] = dict.fromkeys(("a", "a-dev"), data["tenants"]["sales"])
    summary = data["kitchens"]["summary"]
    data["kitchens"] = {"dev-b": {**summary, "tenant": "a"}, "b": {**summary, "tenant": "a-dev"}}
    message = faults(data, catalog)
    assert 'kitchens.b: "a-dev-dev-b-lora"; rule: its user of the object store would have the same name' in message
    assert "kitchens.dev-b" in message


@pytest.mark.parametrize(("state", "told"), [("retired", "is retired"), ("candidate", "prod takes approved")])
def test_the_image_that_fetches_adapters_is_held_to_the_catalog_too(state: str, told: str, catalog: Catalog) -> None:
    images = {**catalog.images, "storage-initializer": replace(catalog.images["storage-initializer"], state=state)}
    message = faults(settings("prod"), replace(catalog, images=images))
    assert f'kitchens.support.adapters: "image storage-initializer"; rule: {told}' in message or told in message
    images.pop("storage-initializer")
    message = faults(settings("prod"), replace(catalog, images=images))
    assert 'kitchens.support.adapters: "storage-initializer"; rule: must be an image of the catalog' in message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("config:\n  kitchen:phase: 1\n  kitchen:phase: 2\n", 'line 3: config.phase: "stands twice"'),
        (
            "config: {kitchen:registry: 2026-02-30}\n",
            'line 1: config.registry: "2026-02-30"; rule: is a date for some readers',
        ),
    ],
)
def test_yaml_that_means_something_else_than_it_shows_is_refused(
    text: str, told: str, tmp_path: Path, catalog: Catalog
) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(text)
    with pytest.raises(FaultsError) as caught:
        settings_from_file(path, catalog)
    assert told in str(caught.value)
    assert len(str(caught.value).splitlines()) == 2


def test_a_key_that_is_no_text_is_told(catalog: Catalog) -> None:
    data = settings()
    data["kitchens"][1] = {2026: "x"}
    message = faults(data, catalog)
    assert 'kitchens.1: 1; rule: a key must be text: put it in quotes; example: "1"' in message


def test_all_faults_are_told_at_once(catalog: Catalog) -> None:
    data = settings()
    del data["registry"]
    data["fase"] = 1
    data["tenants"]["sales"]["quota"]["gpus"] = -1
    message = faults(data, catalog)
    assert message.startswith("Pulumi.dev.yaml: 3 faults")


def test_prod_refuses_a_candidate_and_an_endpoint_without_tls(catalog: Catalog) -> None:
    data = settings("prod")
    data["kitchens"]["developer"]["adapters"] = ["log-triage/v2026-06-10"]
    data["objectStore"]["endpoint"] = "http://minio.kitchen.example"
    message = faults(data, catalog)
    assert "is candidate in the catalog, prod takes approved entries only" in message
    assert "prod reaches the object store over TLS" in message


def test_a_fault_never_shows_more_than_a_line_of_the_value(catalog: Catalog) -> None:
    data = settings()
    data["tenants"]["sales"]["owner"] = ["x"] * 1000
    assert max(len(line) for line in faults(data, catalog).splitlines()) < 400


@pytest.mark.parametrize("content", ["config: [", "- a\n- b\n", "config: 3\n", "\x00"])
def test_an_unreadable_file_is_one_message(content: str, tmp_path: Path, catalog: Catalog) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(content)
    with pytest.raises(FaultsError, match=r"Pulumi\.dev\.yaml: 1 fault"):
        settings_from_file(path, catalog)
