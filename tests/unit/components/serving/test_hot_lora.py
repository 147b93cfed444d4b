"""Hot mode in the pod: what depends on the list of adapters, and what is open where."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from components.serving import AdapterFetch, AdapterFile, AdapterSource, HotLora
from components.serving import predictor as pod
from components.serving.hot_lora import SCRIPTS
from infra.catalog import Catalog, load_catalog
from infra.load import load_settings
from infra.payload import store_key
from tests.unit.components.serving.test_predictor import ARGS
from tests.unit.infra.test_settings import faults, settings

FILES_OF_KEY = [*store_key.FILES]
FILES = [AdapterFile(path="adapter_config.json", sha256="0" * 64, size_bytes=5)]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def hot(*adapters: str, **changes: Any) -> dict[str, Any]:
    sources = [AdapterSource(name=name, version="v2026-01-01", files=FILES) for name in adapters]
    fetch = AdapterFetch(
        image="registry.kitchen.example/fetch@sha256:" + "1" * 64,
        scripts={},
        bucket="dev-lora",
        endpoint="https://minio.kitchen.example",
        region="us-east-1",
        secret="reader",
        ca_bundle="kitchen-ca",
        adapters=sources,
    )
    scripts = dict.fromkeys(SCRIPTS, "")
    mode = HotLora(**{"fetch": fetch, "scripts": scripts, "space_gib": 10, **changes})
    return pod.predictor(dataclasses.replace(ARGS, hot=mode))


def test_nothing_of_the_pod_depends_on_the_list_of_adapters() -> None:
    assert hot("a") == hot("a", "b", "c")
    assert hot("a") != hot("a", scripts=dict.fromkeys(SCRIPTS, "other"))


@pytest.mark.parametrize(
    ("said", "place"),
    [({"prefixCaching": True}, "prefixCaching"), ({"extraArgs": ["--enable_prefix_caching"]}, "extraArgs[0]")],
)
def test_prefix_caching_is_told_where_the_cache_knows_adapters_by_name(
    said: dict[str, Any], place: str, catalog: Catalog
) -> None:
    data = settings()
    data["kitchens"]["support"] |= {"loraMode": "hot"}
    data["kitchens"]["support"]["runtime"] |= said
    told = faults(data, catalog)
    assert "1 fault" in told
    assert f"kitchens.support.runtime.{place}: true; rule: hot mode turns it off: the cache of vLLM 0.27.1" in told
    assert load_settings(data, of_version(catalog, "0.32.0")).kitchens["support"].runtime.prefix_caching


def of_version(catalog: Catalog, version: str) -> Catalog:
    image = dataclasses.replace(catalog.images["vllm"], version=version)
    return dataclasses.replace(catalog, images={**catalog.images, "vllm": image})


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("0.24.0", "answers a request in flight by an adapter that was loaded meanwhile (vllm#47724)"),
        ("0.26.0", "is not known to keep requests in flight apart while adapters are loaded (server-versions.json)"),
    ],
)
def test_an_image_that_mixes_adapters_up_is_refused(version: str, why: str, catalog: Catalog) -> None:
    data = settings()
    data["kitchens"] = {"summary": data["kitchens"]["summary"]}
    told = faults(data, of_version(catalog, version))
    assert "1 fault" in told
    assert f'kitchens.summary.runtime.image: "vllm"; rule: hot mode: vLLM {version} {why}' in told


def test_where_the_cache_knows_folders_it_may_be_on() -> None:
    assert "--no-enable-prefix-caching" in hot("a")["model"]["args"]
    on = hot("a", prefix_caching=True)["model"]["args"]
    assert "--enable-prefix-caching" in on
    assert "--no-enable-prefix-caching" not in on


def test_only_the_sidecar_writes_adapters_and_token() -> None:
    spec = hot("a")
    (sidecar,) = spec["containers"]
    for name in ("adapters", "update-token"):
        assert [m.get("readOnly") for m in spec["model"]["volumeMounts"] if m["name"] == name] == [True]
        assert [m.get("readOnly") for m in sidecar["volumeMounts"] if m["name"] == name] == [None]
    (token,) = [volume for volume in spec["volumes"] if volume["name"] == "update-token"]
    assert token["emptyDir"]["medium"] == "Memory"
    assert all("subPath" not in mount for mount in sidecar["volumeMounts"])
    assert {e["name"] for e in spec["model"]["env"] if "valueFrom" in e} == set(), "the server has no key to the store"


def test_the_sidecar_alone_has_the_store_s_key_and_follows_its_secret() -> None:
    """Files of a folder follow the Secret while the pod runs; variables do not, and neither do mounts by subPath."""
    spec = hot("a")
    (volume,) = [volume for volume in spec["volumes"] if volume["name"] == "store-key"]
    assert volume["secret"]["secretName"] == "reader"
    assert [(item["key"], item["path"]) for item in volume["secret"]["items"]] == [
        (file, file) for file in FILES_OF_KEY
    ]
    assert volume["secret"]["defaultMode"] == 0o440
    (sidecar,) = spec["containers"]
    (mount,) = [mount for mount in sidecar["volumeMounts"] if mount["name"] == "store-key"]
    assert mount == {"name": "store-key", "mountPath": "/etc/kitchen/store-key", "readOnly": True}
    assert f"--store-key={mount['mountPath']}" in sidecar["args"]
    assert "secretKeyRef" not in str(spec)
    others = [*spec.get("initContainers", []), spec["model"]]
    assert not [entry for entry in others if "store-key" in str(entry.get("volumeMounts"))]


def test_the_update_api_is_open_in_hot_mode_alone_and_never_without_its_guard() -> None:
    assert "VLLM_ALLOW_RUNTIME_LORA_UPDATING" not in str(pod.predictor(ARGS))
    model = hot("a")["model"]
    assert {"name": "VLLM_ALLOW_RUNTIME_LORA_UPDATING", "value": "True"} in model["env"]
    assert model["args"][-2:] == ["--middleware=payload.guard_updates.UpdateGuard", "--no-enable-prefix-caching"]
    assert model["workingDir"] in {mount["mountPath"] for mount in model["volumeMounts"]}


@pytest.mark.parametrize(
    ("changes", "texts"),
    [
        ({"adapterSpaceGiB": 0}, ["kitchens.summary.adapterSpaceGiB: 0", "must be at least 1"]),
        ({"loraMode": "warm"}, ["kitchens.summary.loraMode", "must be one of"]),
        ({"adapters": []}, ["kitchens.summary.adapters: []", "hot mode needs one adapter at least"]),
    ],
)
def test_settings_of_hot_mode(changes: dict[str, Any], texts: list[str], catalog: Catalog) -> None:
    data = settings()
    data["kitchens"]["summary"] |= {"loraMode": "hot", **changes}
    message = faults(data, catalog)
    for text in texts:
        assert text in message


def test_hot_mode_belongs_to_phase_3(catalog: Catalog) -> None:
    data = settings()
    data["phase"] = 2
    assert "kitchens.summary.loraMode" in faults(data, catalog)


def test_adapters_must_fit_twice_over(catalog: Catalog) -> None:
    adapter = catalog.adapters["sales-summary/v2026-03-15"]
    files = tuple(dataclasses.replace(file, size_bytes=1024**3) for file in adapter.files)
    large = dataclasses.replace(
        catalog, adapters={**catalog.adapters, adapter.ref: dataclasses.replace(adapter, files=files)}
    )
    data = settings()
    data["kitchens"]["summary"]["adapterSpaceGiB"] = 4
    message = faults(data, large)
    assert "adapterSpaceGiB: 4; rule: its adapters must fit twice over" in message
    assert "example: adapterSpaceGiB: 5" in message


def test_the_sidecar_counts_in_the_quota(catalog: Catalog) -> None:
    data = settings()
    data["tenants"]["sales"]["quota"] |= {"cpu": 8, "memoryGiB": 56}
    message = faults(data, catalog)
    assert "tenants.sales.quota.cpu: 8; rule: its kitchens use 10 CPU cores" in message
    assert "tenants.sales.quota.memoryGiB: 56; rule: its kitchens use 58 GiB" in message
