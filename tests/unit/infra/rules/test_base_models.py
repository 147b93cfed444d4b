"""Base models on tenants' volumes: rules, quota, and how one version goes beside another and then away."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from infra.catalog import Catalog, load_catalog
from infra.faults import FaultsError
from infra.load import load_settings, read_stack_file
from tools.local.workspace import REPOSITORY

DEV = read_stack_file(REPOSITORY / "Pulumi.dev.yaml")
V1, V2, V3 = (f"tsuzumi-7b-instruct/v{number}" for number in (1, 2, 3))


def catalog(**changes: Any) -> Catalog:
    known = load_catalog()
    newer = {ref: replace(known.base_models[V1], ref=ref, **changes) for ref in (V2, V3)}
    return replace(known, base_models={**known.base_models, **newer})


def settings(held: list[str], **storage: Any) -> dict[str, Any]:
    data = copy.deepcopy(DEV)
    data["tenants"]["sales"]["baseModels"] = held
    data["storage"] |= storage
    return data


def faults(data: dict[str, Any], known: Catalog | None = None) -> str:
    with pytest.raises(FaultsError) as caught:
        load_settings(data, known or catalog())
    return str(caught.value)


def test_an_upgrade_holds_both_versions_and_then_one() -> None:
    assert load_settings(settings([]), catalog()).held("sales") == [V1]
    assert load_settings(settings([V2]), catalog()).held("sales") == [V1, V2]
    data = settings([V1])
    data["kitchens"]["summary"] |= {"baseModel": V2, "adapters": [], "loraMode": "static"}
    assert load_settings(data, catalog()).held("sales") == [V2, V1]
    del data["tenants"]["sales"]["baseModels"]
    assert load_settings(data, catalog()).held("sales") == [V2]


def test_a_third_version_is_one_too_many() -> None:
    told = faults(settings([V2, V3]))
    assert "tenants.sales.baseModels" in told
    assert "3 versions of tsuzumi-7b-instruct on the tenant's volumes, storage.keepVersions allows 2" in told
    assert load_settings(settings([V2, V3], keepVersions=3), catalog()).storage.keep_versions == 3


def test_the_quota_counts_what_is_held_and_what_loads() -> None:
    data = settings([V2])
    data["tenants"]["sales"]["quota"] |= {"storageGiB": 39, "memoryGiB": 57, "cpu": 9}
    told = faults(data)
    assert "40 GiB of volumes" in told
    assert "59 GiB of memory" in told
    assert "11 CPU cores" in told


def test_the_quota_counts_openshift_ai_s_proxies() -> None:
    data = settings([])
    data["tenants"]["sales"]["quota"] |= {"memoryGiB": 58, "cpu": 10}
    load_settings(data, catalog())
    data["platform"] = {"kind": "openshift", "openshiftAI": True}
    told = faults(data)
    assert "59 GiB of memory" in told
    assert load_settings(data | {"tenants": {**data["tenants"], "sales": {**DEV["tenants"]["sales"]}}}, catalog())


def test_what_is_held_must_be_in_the_catalog_and_allowed() -> None:
    assert "tenants.sales.baseModels[0]" in faults(settings(["gpt/v9"]))
    assert "is retired in the catalog" in faults(settings([V2]), catalog(state="retired"))
    assert "prod takes approved entries only" in faults(
        settings([V2]) | {"environment": "prod"}, catalog(state="candidate")
    )
    data = settings([V2]) | {"phase": 1}
    data["kitchens"] = {}
    assert "base models come from phase 2 on" in faults(data)


def test_a_load_must_be_able_to_write() -> None:
    told = faults(settings([], accessMode="ReadOnlyMany"))
    assert 'storage.accessMode: "ReadOnlyMany"; rule: the load Job writes the volume' in told


@pytest.mark.parametrize("source", [{"kind": "claim"}, {"kind": "bucket", "claim": "bring-in"}, {"kind": "folder"}])
def test_a_source_is_a_bucket_or_a_named_claim(source: dict[str, str]) -> None:
    assert "storage.source" in faults(settings([], source=source))


def test_a_claim_takes_the_place_of_the_bucket() -> None:
    assert load_settings(settings([], source={"kind": "claim", "claim": "bring-in"}), catalog()).storage.source_claim
    assert load_settings(settings([], source={"kind": "bucket"}), catalog()).storage.source_claim is None
