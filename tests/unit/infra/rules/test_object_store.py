"""Settings of the object store: every fault is told with path, rule and a right example, and every lack is known."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from infra.catalog import Catalog, load_catalog
from infra.faults import FaultsError
from infra.kitchen.foundation import BUCKETS, LOCKED_BUCKETS
from infra.load import load_settings, read_stack_file
from infra.rules.object_store import LACKS, lacks
from infra.settings import Settings
from infra.stores import ALL, GIB, MIB, Limits, store_facts
from infra.validate import schema
from tools.local.workspace import REPOSITORY

MODEL = "tsuzumi-7b-instruct/v1"
DEPLOY = {"owner": "platform-team", "costCentre": "4700", "storageClass": "local-nvme", "sizeGiB": 100}
RIGHT = {"endpoint": "https://minio.object-store.svc:9000", "deploy": {**DEPLOY, "issuer": "kitchen-ca"}}
S3 = {"kind": "s3", "existingSecret": "given"}
SEAWEEDFS = {"kind": "seaweedfs", "existingSecret": "given"}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def load(catalog: Catalog, stack: str = "dev", **store: Any) -> Settings:
    data = copy.deepcopy(read_stack_file(REPOSITORY / f"Pulumi.{stack}.yaml"))
    data["objectStore"] |= store
    return load_settings(data, catalog, f"Pulumi.{stack}.yaml")


def faults(catalog: Catalog, stack: str = "dev", **store: Any) -> str:
    with pytest.raises(FaultsError) as caught:
        load(catalog, stack, **store)
    return str(caught.value)


@pytest.mark.parametrize(
    ("store", "path", "text"),
    [
        ({**S3, "abilities": ["lifecycle"]}, "expireNoncurrentDays", "do not name: versioning"),
        ({**S3, "abilities": ["versioning"]}, "expireNoncurrentDays", "do not name: lifecycle"),
        (
            {**S3, "abilities": ["versioning", "lifecycle"], "objectLockDays": 30},
            "objectLockDays",
            "objectLockDays: 0, or abilities: [lifecycle, objectLock, versioning]",
        ),
        ({**S3, "quotaGiB": {"models": 2000}}, "quotaGiB", "MinIO's admin API"),
        ({**S3, "keyGeneration": 2}, "keyGeneration", "another existingSecret"),
        (S3, "expireNoncurrentDays", "do not name: lifecycle, versioning"),
        ({**SEAWEEDFS, "quotaGiB": {"models": 2000}}, "quotaGiB", "which kind seaweedfs does not use"),
        ({"kind": "seaweedfs"}, "existingSecret", "kind seaweedfs: users are made outside the program"),
        ({"abilities": ["versioning"]}, "abilities", "what minio can do is known"),
        ({**SEAWEEDFS, "abilities": ["versioning"]}, "abilities", "what seaweedfs can do is known"),
        ({"limits": {"putMiB": 15}}, "limits.putMiB", "at least 16"),
        ({"limits": {"parts": 100}}, "limits.objectGiB", "by 100 parts of 5120 MiB; example: objectGiB: 500"),
        ({"quotaGiB": {"no-such": 1}}, "quotaGiB.no-such", "unknown key"),
        ({"adopt": ["no-such"]}, "adopt.0", "must be one of"),
        ({"keyGeneration": 0}, "keyGeneration", "at least 1"),
        ({"deploy": RIGHT["deploy"]}, "endpoint", "https://minio.object-store.svc:9000"),
        ({**RIGHT, "deploy": DEPLOY}, "deploy", "one of issuer and tlsSecret"),
        ({**RIGHT, "deploy": {**DEPLOY, "issuer": "a", "tlsSecret": "b"}}, "deploy", "one of issuer and tlsSecret"),
        ({**RIGHT, "deploy": {**DEPLOY, "issuer": "a", "replicas": 3}}, "deploy.replicas", "4 and more"),
        ({**RIGHT, "deploy": {**DEPLOY, "issuer": "a", "image": "no-such"}}, "deploy.image", "image of the catalog"),
        (
            {**RIGHT, "deploy": {**DEPLOY, "namespace": "helpdesk-dev", "issuer": "a"}},
            "deploy.namespace",
            "root key must not lie there",
        ),
        ({**RIGHT, **S3}, "kind", "what the program deploys is MinIO"),
    ],
)  # fmt: skip
def test_a_fault_names_path_rule_and_example(store: dict[str, Any], path: str, text: str, catalog: Catalog) -> None:
    told = faults(catalog, **store)
    line = next(line for line in told.splitlines() if line.startswith(f"  objectStore.{path}: "))
    assert text in line
    assert "; example: " in line


def test_prod_deploys_a_distributed_store_of_an_approved_image_only(catalog: Catalog) -> None:
    told = faults(catalog, "prod", **RIGHT)
    assert "objectStore.deploy.replicas: 1; rule: prod keeps its data on several machines" in told
    assert 'objectStore.deploy.image: "minio"; rule: is candidate in the catalog' in told


def test_right_settings_load(catalog: Catalog) -> None:
    store = load(catalog, **RIGHT, quotaGiB={"models": 2000}, adopt=["lora"], keyGeneration=2).object_store
    assert store.deploy is not None
    assert (store.deploy.replicas, store.deploy.namespace, store.deploy.size_gib) == (1, "object-store", 100)
    assert (store.quota_gib, store.adopt, store.key_generation) == ({"models": 2000}, ("lora",), 2)
    load(catalog, **S3, abilities=["versioning", "lifecycle"])


def test_every_lack_of_a_store_is_told(catalog: Catalog) -> None:
    assert lacks(load(catalog).object_store) == {}
    for full in (load(catalog, **S3, abilities=list(ALL)), load(catalog, **SEAWEEDFS)):
        assert set(lacks(full.object_store)) == {"users", "quota"}, "no S3 API has them"
        assert set(store_facts(full.object_store).abilities) == set(LACKS) - {"users", "quota"}
    bare = load(catalog, **S3, abilities=["versioning", "lifecycle"]).object_store
    assert set(lacks(bare)) == set(LACKS) - {"versioning", "lifecycle"}
    assert set(lacks(load(catalog, **S3, expireNoncurrentDays=0).object_store)) == set(LACKS), "nothing is assumed"


def test_a_file_that_the_store_does_not_take_is_a_fault(catalog: Catalog) -> None:
    entry = catalog.base_models[MODEL]
    for size, more, most in (
        (6 * GIB, {**S3, "abilities": ["lifecycle", "versioning"]}, 5 * GIB),
        (6 * GIB, {**S3, "abilities": ["lifecycle", "multipart", "versioning"]}, 0),
        (6 * GIB, {}, 0),
        (6 * GIB, {"limits": {"objectGiB": 4}}, 4 * GIB),
        (6 * GIB, {"limits": {"putMiB": 16, "objectGiB": 5}}, 5 * GIB),
    ):
        files = (replace(entry.files[0], size_bytes=size), *entry.files[1:])
        large = replace(catalog, base_models={**catalog.base_models, MODEL: replace(entry, files=files)})
        if not most:
            load(large, **more)
            continue
        line = next(line for line in faults(large, **more).splitlines() if entry.files[0].path in line)
        assert line.startswith(f"  catalog {MODEL}: {entry.files[0].path}: ")
        assert f"the store takes {most} bytes at most" in line


def test_the_least_part_that_is_enough_is_taken() -> None:
    limits = Limits()
    assert limits.part_bytes(1) == limits.part_bytes(160_000 * MIB) == 16 * MIB
    assert limits.part_bytes(160_000 * MIB + 1) == 32 * MIB
    assert 10_000 * limits.part_bytes(5 * 1024 * GIB) >= 5 * 1024 * GIB
    assert Limits(parts=2, step=5 * MIB).part_bytes(23 * MIB) == 15 * MIB


@pytest.mark.parametrize(("put_mib", "parts"), [(16, 10_000), (17, 10_000), (20, 1000), (100, 10_000), (5120, 1)])
def test_no_part_is_larger_than_one_request(put_mib: int, parts: int) -> None:
    limits = Limits(put_bytes=put_mib * MIB, parts=parts)
    for size in (limits.put_bytes, limits.most(multipart=True) - 1, limits.most(multipart=True)):
        part = limits.part_bytes(size)
        assert part <= limits.put_bytes
        assert -(-size // part) <= parts


def test_schema_and_program_know_the_same_buckets_and_abilities() -> None:
    said = schema("settings")["properties"]["objectStore"]["properties"]
    assert set(said["quotaGiB"]["properties"]) == set(said["adopt"]["items"]["enum"]) == set(BUCKETS)
    assert set(said["abilities"]["items"]["enum"]) == set(LACKS) - {"users", "quota"} == set(ALL)
    assert "pulumi-state" not in LOCKED_BUCKETS
    assert "audit" in LOCKED_BUCKETS
