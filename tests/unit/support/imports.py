"""Who imports whom in the repository's own packages, read from the source: no module is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from tools.local.workspace import REPOSITORY

PACKAGES = ("infra", "components", "policies", "ops", "tools")


def sources(package: str) -> list[Path]:
    """Python files of a package; Go sources of the toolchain are none."""
    return sorted(path for path in (REPOSITORY / package).rglob("*.py") if "/go/" not in path.as_posix())


def name_of(path: Path) -> str:
    """A file's module; that of `__init__.py` is the package."""
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> Mapping[str, Path]:
    """File by module, of all packages."""
    return {name_of(path): path for package in PACKAGES for path in sources(package)}


@cache
def imported(path: Path) -> frozenset[str]:
    """Every module that a file names in an import, wherever it stands; a name that is a module counts as the module."""
    package = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                found.add(inner if inner in modules() else base)
    return frozenset(found)


@cache
def graph() -> Mapping[str, frozenset[str]]:
    """Modules of ours that each of our modules imports."""
    return {name: frozenset(imported(path) & set(modules())) for name, path in modules().items()}


def circles(edges: Mapping[str, frozenset[str]]) -> Iterator[list[str]]:
    """One path for each import that leads back to where it came from."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> Iterator[list[str]]:
        if name in way:
            yield [*way[way.index(name) :], name]
        elif name not in done:
            for following in sorted(edges[name]):
                yield from walk(following, [*way, name])
            done.add(name)

    for name in sorted(edges):
        yield from walk(name, [])
