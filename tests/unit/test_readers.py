"""YAML and JSON of people and of other programs go through one reader each, or it is said here why they need not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.support.imports import sources
from tools.local.workspace import REPOSITORY

READERS = {
    "json": {"load", "loads", "JSONDecoder"},
    "yaml": {
        *("load", "load_all", "safe_load", "safe_load_all", "full_load", "full_load_all", "unsafe_load"),
        *("unsafe_load_all", "compose", "compose_all", "parse", "scan"),
        *("Loader", "SafeLoader", "FullLoader", "UnsafeLoader", "BaseLoader"),
        *("CLoader", "CSafeLoader", "CFullLoader", "CUnsafeLoader", "CBaseLoader"),
    },
    "tomllib": {"load", "loads"},
    "ast": {"literal_eval"},
    "pickle": {"load", "loads"},
    "plistlib": {"load", "loads"},
    "marshal": {"load", "loads"},
}
"""By module: what makes values of a text."""

OTHERS = {
    # The readers themselves.
    "infra/strict_json.py": {"json.loads"},
    "infra/strict_yaml.py": {"yaml.SafeLoader", "getattr(yaml, 'CSafeLoader')"},
    # Those of manifests: by kubectl's rules, which are another language (ADR 0032).
    "policies/reading/json_text.py": {"json.JSONDecoder"},
    "policies/reading/yaml_text.py": {"yaml.SafeLoader", "getattr(yaml, 'CSafeLoader')"},
    "policies/reading/places.py": {"yaml.SafeLoader", "getattr(yaml, 'CSafeLoader')"},
    # As vLLM reads a text within a manifest: what it would take must be seen. Depth is bounded.
    "policies/reading/own.py": {"json.loads"},
    # Python's own reader of TOML, with a bound on its depth, which looks for secrets; what it cannot read has none.
    "policies/manifests/secret_leaves.py": {"tomllib.loads"},
    # Data of this repository beside the code.
    **{
        name: {"json.loads"}
        for name in (
            *("infra/catalog/serves.py", "infra/server_versions.py", "infra/architectures.py", "infra/validate.py"),
            *("infra/flag_words.py", "ops/checks/config_defaults.py"),
            *("policies/manifests/server_variables.py", "policies/manifests/server_flags.py"),
        )
    },
    # What the house itself has made a line before: a dashboard's text.
    "components/observability/dashboards/grafana.py": {"json.loads"},
    # Answers of the store to the engine's provider, which runs in the engine's process with its own settings alone.
    "components/object_store/minio/admin.py": {"json.loads"},
    "components/object_store/bucket_policy.py": {"json.loads"},
    # Looks for private members in a text that is no JSON any more, for which there is no value.
    "infra/rules/json_web_keys.py": {"json.loads"},
    # Marks in a text that the strict reader has read before: lines of a kitchen's block.
    "ops/rollback/block.py": {"yaml.compose", "yaml.SafeLoader"},
    # In pods, on Python 3.9 with the standard library alone. Bodies and contents have readers of their own with limits
    # (call_body, verify_signature, fetch_adapters); the rest is what this program has put into a ConfigMap or a folder,
    # and answers on loopback, of which no more than some MiB are read.
    **{
        f"infra/payload/{name}.py": {"json.loads"}
        for name in (
            *("drain_entry", "call_files", "call_body", "tensor_values", "load_base_model", "fetch_adapters"),
            *("adapter_file", "record_contents", "update_api", "verify_signature", "check_calls", "content_files"),
            "completion",
        )
    },
}
"""By file: what it may use."""


def uses(path: Path) -> Iterator[str]:
    """Names of readers in a source: attributes of the modules, names taken out of them, `getattr` with a text."""
    tree = ast.parse(path.read_text())
    called = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name in READERS
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in READERS and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name in READERS[node.module])
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in called:
            module = called[node.value.id]
            if node.attr in READERS[module]:
                yield f"{module}.{node.attr}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
            first, second = node.args[:2]
            if isinstance(first, ast.Name) and first.id in called and isinstance(second, ast.Constant):
                yield f"getattr({called[first.id]}, {second.value!r})"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "json":
            yield "answer.json()"


@pytest.mark.parametrize("package", ["infra", "components", "policies", "ops"])
def test_every_text_goes_through_the_one_reader(package: str) -> None:
    """`tools` has a test of its own beside its reader of files, tests/unit/tools/test_own_file.py."""
    found = {path.relative_to(REPOSITORY).as_posix(): set(uses(path)) for path in sources(package)}
    past = {name: used - OTHERS.get(name, set()) for name, used in found.items()}
    assert {name: used for name, used in past.items() if used} == {}
    needless = {
        name: allowed - found[name] for name, allowed in OTHERS.items() if name in found and allowed - found[name]
    }
    assert needless == {}


def test_files_that_are_named_are_there() -> None:
    assert [name for name in OTHERS if not (REPOSITORY / name).is_file()] == []


@pytest.mark.parametrize(
    "line",
    [
        "import json\njson.loads(text)",
        "import json as j\nj.load(file)",
        "from json import loads",
        "import yaml\nyaml.safe_load(text)",
        "import yaml\nyaml.load(text, Loader=yaml.CSafeLoader)",
        "import yaml\nreader = yaml.safe_load",
        "import yaml\ngetattr(yaml, 'CLoader')",
        "from yaml import SafeLoader",
        "answer.json()",
        "def f():\n    import json\n    return json.loads",
    ],
)
def test_a_reader_that_goes_past_is_found(line: str, tmp_path: Path) -> None:
    source = tmp_path / "past.py"
    source.write_text(line)
    assert list(uses(source))
