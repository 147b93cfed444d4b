"""Whatever settings pass the checks, every name composed from them is one that Kubernetes and MinIO take."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from components import naming
from components.object_store.minio.users import access_key
from components.serving import AdapterFetch
from infra.catalog import Catalog, load_catalog
from infra.faults import FaultsError
from infra.load import load_settings
from infra.settings import Settings

CATALOG = load_catalog()
NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?", fullmatch=True)
MODEL_NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,60}[a-z0-9])?", fullmatch=True)


def catalog_with(base_model: str) -> Catalog:
    known = replace(next(iter(CATALOG.base_models.values())), ref=base_model)
    adapter = replace(next(iter(CATALOG.adapters.values())), base_model=base_model)
    return replace(CATALOG, base_models={base_model: known}, adapters={adapter.ref: adapter})


def written(tenants: list[str], kitchens: list[str], catalog: Catalog) -> dict[str, Any]:
    (base_model,), (adapter,) = catalog.base_models, catalog.adapters
    quota = {"gpus": 100, "cpu": 1000, "memoryGiB": 10000, "storageGiB": 10000}
    return {
        "environment": "dev",
        "phase": 3,
        "platform": {"kind": "kubernetes"},
        "registry": "registry.kitchen.example",
        "cluster": {"identifier": "property"},
        "gpuPools": {"l40s": {"product": "NVIDIA-L40S", "memoryGiB": 48, "gpus": 1000}},
        "objectStore": {"endpoint": "https://minio.kitchen.example"},
        "storage": {"className": "shared-rwx"},
        "tenants": {name: {"owner": "team", "costCentre": "1", "quota": quota} for name in tenants},
        "kitchens": {
            name: {
                "tenant": tenants[index % len(tenants)],
                "baseModel": base_model,
                "pool": "l40s",
                "adapters": [adapter],
            }
            for index, name in enumerate(kitchens)
        },
    }


def composed(checked: Settings) -> list[str]:
    fetch = AdapterFetch(
        image="", scripts={}, bucket="", endpoint="", region="", secret="", ca_bundle=None, adapters=[]
    )
    names = [naming.namespace(tenant, checked.environment) for tenant in checked.tenants]
    for name, kitchen in checked.kitchens.items():
        names += [
            naming.runtime(name),
            naming.base_model_claim(kitchen.base_model),
            naming.reader_secret(name),
            naming.service_account(name),
            fetch.config_map(name),
            naming.canary(name),
            naming.with_sum(naming.base_model_claim(kitchen.base_model), "0" * 64),
            naming.with_sum(naming.hot_scripts_config_map(name), "0" * 64),
            naming.declared_adapters_config_map(name),
            naming.llm_workload(name),
            naming.predictor(name),
            naming.predictor_host(name, kitchen.tenant, checked.environment),
        ]
    return [*names, naming.priority_class(checked.environment)]


def subdomains(checked: Settings) -> list[str]:
    """Names of kinds that take up to 253 characters (RFC 1123 subdomains): ServiceAccount, Secret, NetworkPolicy."""
    return [naming.loader(kitchen.base_model) for kitchen in checked.kitchens.values()]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    tenants=st.lists(NAMES, min_size=1, max_size=4, unique=True),
    kitchens=st.lists(NAMES, min_size=1, max_size=5, unique=True),
    model=MODEL_NAMES,
    version=st.integers(1, 10**6),
)
def test_every_composed_name_is_taken_or_told(
    tenants: list[str], kitchens: list[str], model: str, version: int
) -> None:
    catalog = catalog_with(f"{model}/v{version}")
    try:
        checked = load_settings(written(tenants, kitchens, catalog), catalog)
    except FaultsError as error:
        assert all("characters" in fault.rule or "same name" in fault.rule for fault in error.faults), str(error)
        return
    for name in composed(checked):
        assert naming.is_label(name), name
    for name in subdomains(checked):
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,251}[a-z0-9])?", name), name
    users = [naming.reader_user(name, k.tenant, checked.environment) for name, k in checked.kitchens.items()]
    users += [naming.loader_user(r, t, checked.environment) for t in checked.tenants for r in checked.held(t)]
    keys = [access_key(user) for user in users]
    assert len(set(users)) == len(set(keys)) == len(users)
    assert all(re.fullmatch(r"[a-z0-9-]{3,20}", key) for key in keys)
