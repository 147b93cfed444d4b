"""The house itself: who may import whom, what a folder holds, type tokens, file sizes."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator, Sequence

import pytest

from policies.judging.rule import Rule
from policies.judging.stack_rule import StackRule
from policies.pack import RULES, STACK_RULES
from tests.unit.support.imports import PACKAGES, circles, graph, imported, modules, name_of, sources
from tools.local.workspace import REPOSITORY

ALLOWED = {
    "components": {"components"},
    "infra": {"infra", "components"},
    "policies": {"policies"},
    "ops": {"ops", "infra", "policies"},
    "tools": {"tools", "infra", "components", "ops", "policies"},
}
OPS_MAY_IMPORT = {
    "infra.adapter_refs",
    "infra.architectures",
    "infra.audit_policy",
    "infra.catalog",
    "infra.catalog.classes",
    "infra.catalog.modules",
    "infra.catalog.serves",
    "infra.catalog.weights",
    "infra.days",
    "infra.declared",
    "infra.documents",
    "infra.entry_settings",
    "infra.faults",
    "infra.gpu_prices",
    "infra.grants",
    "infra.load",
    "infra.monitoring",
    "infra.payload.signer_keys",
    "infra.payload.tensor_values",
    "infra.payload.verify_signature",
    "infra.people",
    "infra.policy_settings",
    "infra.price_settings",
    "infra.runtime_settings",
    "infra.settings",
    "infra.shapes",
    "infra.signers",
    "infra.stores",
    "infra.strict_json",
    "infra.strict_yaml",
    "infra.validate",
}

Floors = Sequence[Sequence[str]]
"""From the ground up; a room imports rooms of lower floors and itself. A room is a module or a package."""

POLICIES: Floors = (
    ["policies.reading"],
    ["policies.judging"],
    ["policies.manifests"],
    ["policies.rules", "policies.remediations"],
    ["policies.pack"],
    ["policies.docs", "policies.check", "policies.__main__"],
)
COMPONENTS: Floors = (
    ["components"],
    ["components.gpu", "components.tenancy"],
    ["components.object_store"],
    ["components.model_store"],
    ["components.serving"],
    ["components.entry", "components.observability"],
    ["components.recorded_names"],
)
"""`components` itself stands for the modules beside the folders."""


def room(module: str, floors: Floors) -> str:
    """The longest name of a room that the module lies in."""
    rooms = [entry for floor in floors for entry in floor if module == entry or module.startswith(f"{entry}.")]
    return max(rooms, key=len)


def uphill(package: str, floors: Floors) -> Iterator[str]:
    """Imports of a package's modules that do not go down."""
    level = {entry: number for number, floor in enumerate(floors) for entry in floor}
    for module in (name for name in modules() if name.startswith(f"{package}.")):
        here = room(module, floors)
        for other in sorted(graph()[module]):
            there = room(other, floors) if other.startswith(f"{package}.") else here
            if there != here and level[there] >= level[here]:
                yield f"{module} imports {other}: {there} does not lie below {here}"


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_one_way(package: str) -> None:
    wrong = [
        f"{path.relative_to(REPOSITORY)} imports {module}"
        for path in sources(package)
        for module in imported(path)
        if module.split(".")[0] in PACKAGES and module.split(".")[0] not in ALLOWED[package]
    ]
    assert wrong == []


@pytest.mark.parametrize(("package", "floors"), [("policies", POLICIES), ("components", COMPONENTS)])
def test_imports_go_down_the_floors(package: str, floors: Floors) -> None:
    assert list(uphill(package, floors)) == []


@pytest.mark.parametrize(("package", "floors"), [("policies", POLICIES), ("components", COMPONENTS)])
def test_every_folder_has_a_floor(package: str, floors: Floors) -> None:
    rooms = {entry for floor in floors for entry in floor}
    folders = {f"{package}.{path.parent.name}" for path in (REPOSITORY / package).glob("*/__init__.py")}
    assert folders <= rooms


def test_an_import_uphill_is_named() -> None:
    turned = tuple(reversed(POLICIES))
    assert any("policies.rules.probes imports policies.manifests" in entry for entry in uphill("policies", turned))


def test_relative_imports_are_read_too() -> None:
    assert "infra.payload.verify_signature" in graph()["infra.payload.fetch_adapters"]


def test_no_import_leads_in_a_circle() -> None:
    assert [" -> ".join(way) for way in circles(graph())] == []


def test_a_circle_is_seen() -> None:
    edges = {"a": frozenset({"b"}), "b": frozenset({"c"}), "c": frozenset({"b"}), "d": frozenset({"a"})}
    assert list(circles(edges)) == [["b", "c", "b"]]


def test_each_file_of_the_rules_is_one_rule_of_the_pack() -> None:
    files = [importlib.import_module(name) for name in modules() if name.startswith("policies.rules.")]
    held = {
        file.__name__: [key for key, value in vars(file).items() if isinstance(value, Rule | StackRule)]
        for file in files
    }
    assert {name: keys for name, keys in held.items() if keys != ["RULE"]} == {}
    assert {file.RULE.id for file in files} == {rule.id for rule in (*RULES, *STACK_RULES)}


def test_no_rule_imports_another() -> None:
    rules = [name for name in modules() if name.startswith("policies.rules.")]
    wrong = [f"{name} imports {other}" for name in rules for other in graph()[name] if other in rules]
    assert wrong == []


def test_ops_takes_settings_and_catalog_only() -> None:
    used = {module for path in sources("ops") for module in imported(path) if module.startswith("infra")}
    assert used <= OPS_MAY_IMPORT


def test_components_read_no_files_and_no_configuration() -> None:
    wrong = [
        path.name
        for path in sources("components")
        if {"pulumi.Config", "pathlib", "yaml"} & imported(path) or "pulumi.Config(" in path.read_text()
    ]
    assert wrong == []


def test_minio_s_own_interface_is_used_in_its_optional_modules_alone() -> None:
    """Everything else needs the S3 API only, so that another store can take MinIO's place."""

    def users(module: str) -> set[str]:
        return {
            name
            for name, path in modules().items()
            if any(found == module or found.startswith(f"{module}.") for found in imported(path))
        }

    assert users("minio") == {"components.object_store.minio.admin"}
    assert users("components.object_store.minio.admin") == {
        "components.object_store.minio.accounts",
        "components.object_store.minio.versions",
        "components.object_store.minio.users",
        "components.object_store.minio.quota",
    }


def test_a_folder_of_components_names_its_public_types() -> None:
    """What the README's table names is imported from the folder, except from `minio`, which imports nothing."""
    lacking = [
        f"{path.parent.name}: {node.name}"
        for path in sources("components")
        if path.parent.name not in ("components", "minio")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base) == "pulumi.ComponentResource" for base in node.bases)
        and f'"{node.name}"' not in (path.parent / "__init__.py").read_text()
    ]
    assert lacking == []


def test_every_package_says_what_lives_there() -> None:
    texts = {
        name: ast.get_docstring(ast.parse(path.read_text())) or ""
        for name, path in modules().items()
        if path.name == "__init__.py"
    }
    assert {name for name, text in texts.items() if len(text) < 40 or "Private AI Kitchen" in text} == set()


def test_type_tokens_are_unique_and_name_their_file() -> None:
    tokens: dict[str, str] = {}
    for path in sources("components"):
        for token in re.findall(r'TOKEN = "([^"]+)"', path.read_text()):
            folder, stem = path.parent.name, path.stem
            right = rf"kitchen:({stem}|{folder}|{folder}_{stem}):[A-Z][A-Za-z]+"
            assert re.fullmatch(right, token), f"{token} in {name_of(path)}"
            assert token not in tokens, f"{token} twice"
            tokens[token] = path.name
    assert set(tokens) == {
        "kitchen:entry:Entry",
        "kitchen:entry:KitchenPods",
        "kitchen:canary:WeightedRoute",
        "kitchen:counter:Counter",
        "kitchen:llm_service:LlmService",
        "kitchen:access:TenantAccess",
        "kitchen:dashboards:Dashboards",
        "kitchen:doors:Door",
        "kitchen:monitor:KitchenMonitor",
        "kitchen:monitoring:Monitoring",
        "kitchen:priority:Priority",
        "kitchen:route:KitchenRoute",
        "kitchen:minio_server:MinioServer",
        "kitchen:model_store:BaseModelLoad",
        "kitchen:model_store:BaseModelVolume",
        "kitchen:object_store:Bucket",
        "kitchen:object_store:BucketAccess",
        "kitchen:serving:MultiLoraService",
        "kitchen:serving:VllmRuntime",
        "kitchen:tenancy:Tenant",
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_files_can_be_read_at_one_sitting(package: str) -> None:
    assert [path.name for path in sources(package) if len(path.read_text().splitlines()) > 310] == []


def test_the_entry_point_stays_small() -> None:
    assert len((REPOSITORY / "infra" / "__main__.py").read_text().splitlines()) < 40
