"""The package that pods run: what it may import, that each pod's part of it is whole, and that every module starts."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from components import pod_package
from components.entry.contents_recorder import SCRIPTS as CONTENTS
from components.entry.pods import SCRIPTS as ENTRY
from components.entry.shipper import SCRIPTS as RECORD
from components.model_store.check import SCRIPTS as BASE_MODEL
from components.serving.adapters import SCRIPTS as STATIC
from components.serving.hot_lora import MIDDLEWARE
from components.serving.hot_lora import SCRIPTS as HOT
from infra.kitchen.context import scripts
from tests.support.pod_package import lay_out

PARTS = {
    "base model": BASE_MODEL,
    "static": STATIC,
    "hot": HOT,
    "entry": ENTRY,
    "record": RECORD,
    "contents": CONTENTS,
}
STARTED = {
    "base model": ["load_base_model"],
    "static": ["fetch_adapters"],
    "hot": ["reconcile_adapters", "fetch_adapters"],
    "entry": ["check_calls"],
    "record": ["ship_calls"],
    "contents": ["record_contents"],
}
IN_THE_IMAGE = {"boto3", "botocore", "cryptography"}
"""What the image has beside Python's own library."""


def imports(source: str) -> tuple[set[str], set[str]]:
    """Files of the package that a module imports, and what it takes from elsewhere."""
    inside, outside = set(), set()
    for node in ast.walk(ast.parse(source, feature_version=(3, 9))):
        if isinstance(node, ast.Import):
            outside |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            inside |= {node.module} if node.module else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            outside.add(str(node.module))
    return {f"{name}.py" for name in inside}, {name.split(".")[0] for name in outside}


def test_every_script_needs_python_and_the_image_s_packages_alone() -> None:
    allowed = {*sys.stdlib_module_names, *IN_THE_IMAGE}
    wrong = [f"{name}: {found}" for name, text in scripts().items() for found in imports(text)[1] - allowed]
    assert wrong == []


@pytest.mark.parametrize("part", PARTS)
def test_a_pod_gets_every_module_that_its_own_ones_import(part: str) -> None:
    files = set(PARTS[part])
    lacking = {f"{name} imports {found}" for name in files for found in imports(scripts()[name])[0] - files}
    assert lacking == set()
    assert pod_package.INIT in files


def test_no_script_is_without_a_pod() -> None:
    assert set(scripts()) == {name for part in PARTS.values() for name in part}


@pytest.mark.parametrize(
    ("part", "module"), [(part, module) for part, modules in STARTED.items() for module in modules]
)
def test_a_module_starts_out_of_the_mounted_config_map(part: str, module: str, tmp_path: Path) -> None:
    data = {name: scripts()[name] for name in PARTS[part]} | {"manifest.json": "{}"}
    volume = pod_package.config_map("made", data)
    lay_out({"metadata": {"name": "made"}, "data": data}, volume, tmp_path)
    assert (tmp_path / "manifest.json").is_file()
    assert {path.name for path in (tmp_path / pod_package.PACKAGE).iterdir()} == set(PARTS[part])
    _, *words = pod_package.command(module)
    done = subprocess.run(
        [sys.executable, *words, "--help"], cwd=tmp_path, env={}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "usage:" in done.stdout


def test_the_server_finds_the_middleware_in_its_working_directory(tmp_path: Path) -> None:
    data = {name: scripts()[name] for name in HOT}
    lay_out({"metadata": {"name": "made"}, "data": data}, pod_package.config_map("made", data), tmp_path)
    module, _, name = MIDDLEWARE.rpartition(".")
    code = f"import {module}; print({module}.{name}.__name__)"
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == name, done.stderr
