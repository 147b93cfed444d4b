"""The house itself: import directions, type tokens, file sizes."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("infra", "components", "policies", "ops", "tools")
ALLOWED = {
    "components": {"components"},
    "infra": {"infra", "components"},
    "policies": {"policies"},
    "ops": {"ops", "infra", "policies"},
    "tools": {"tools", "infra", "components", "ops", "policies"},
}
OPS_MAY_IMPORT = {
    "infra.catalog",
    "infra.declared",
    "infra.documents",
    "infra.faults",
    "infra.load",
    "infra.payload.verify_signature",
    "infra.settings",
    "infra.validate",
}


def sources(package: str) -> list[Path]:
    return sorted(path for path in (REPOSITORY / package).rglob("*.py") if "/go/" not in path.as_posix())


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def named_imports(path: Path) -> set[str]:
    """Like `imports`, with every name that a module gives: `from components import x` is `components.x`."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    return imports(path) | {f"{node.module}.{alias.name}" for node in nodes for alias in node.names}


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_one_way(package: str) -> None:
    wrong = [
        f"{path.relative_to(REPOSITORY)} imports {module}"
        for path in sources(package)
        for module in imports(path)
        if module.split(".")[0] in PACKAGES and module.split(".")[0] not in ALLOWED[package]
    ]
    assert wrong == []


def test_ops_takes_settings_and_catalog_only() -> None:
    used = {module for path in sources("ops") for module in imports(path) if module.startswith("infra")}
    assert used <= OPS_MAY_IMPORT


def test_components_read_no_files_and_no_configuration() -> None:
    wrong = [
        path.name
        for path in sources("components")
        if {"pulumi.Config", "pathlib", "yaml"} & imports(path) or "pulumi.Config(" in path.read_text()
    ]
    assert wrong == []


def test_minio_s_own_interface_is_used_in_its_optional_modules_alone() -> None:
    """Everything else needs the S3 API only, so that another store can take MinIO's place."""

    def users(module: str) -> set[str]:
        return {
            path.relative_to(REPOSITORY).as_posix()
            for package in PACKAGES
            for path in sources(package)
            if any(name == module or name.startswith(f"{module}.") for name in named_imports(path))
        }

    assert users("minio") == {"components/object_store/minio/admin.py"}
    assert users("components.object_store.minio.admin") == {
        "components/object_store/minio/users.py",
        "components/object_store/minio/quota.py",
    }


def test_type_tokens_are_unique_and_name_their_file() -> None:
    tokens: dict[str, str] = {}
    for path in sources("components"):
        for token in re.findall(r'TOKEN = "([^"]+)"', path.read_text()):
            folder, stem = path.parent.name, path.stem
            right = rf"kitchen:({stem}|{folder}|{folder}_{stem}):[A-Z][A-Za-z]+"
            assert re.fullmatch(right, token), f"{token} in {path}"
            assert token not in tokens, f"{token} twice"
            tokens[token] = path.name
    assert set(tokens) == {
        "kitchen:canary:WeightedRoute",
        "kitchen:llm_service:LlmService",
        "kitchen:access:TenantAccess",
        "kitchen:monitor:KitchenMonitor",
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
