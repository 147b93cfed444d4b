"""Bringing one image in, as a person does it: a list, `create`, and `import` into a copy of the catalog."""

from __future__ import annotations

import shutil
from pathlib import Path

from infra.catalog import FOLDER
from ops.__main__ import main
from tests.support import bundle_tools as tools


def create_words(folder: Path, upstream: str, digest: str, repository: str = "example/tool") -> list[str]:
    entry = tools.image_entry(digest, upstream)
    entry["image"]["repository"] = repository
    listed = tools.bring_in(folder, entry)
    (folder / "empty").mkdir(exist_ok=True)
    words = ["--list", str(listed), "--from", str(folder / "empty"), "--to", str(folder / "bundle"), "--unsigned"]
    return ["bundle", "create", *words]


def create(folder: Path, upstream: str, digest: str, *more: str, repository: str = "example/tool") -> int:
    return main([*create_words(folder, upstream, digest, repository), *more])


def import_words(folder: Path, registry: str, bundle: str = "bundle") -> list[str]:
    catalog = folder / "catalog"
    if not catalog.exists():
        shutil.copytree(FOLDER, catalog, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    words = ["--settings", tools.DEV, "--registry", registry, "--catalog", str(catalog), "--owner", "platform-team"]
    return ["bundle", "import", str(folder / bundle), "--unsigned", *words]


def bring(folder: Path, registry: str, *more: str, bundle: str = "bundle") -> int:
    return main([*import_words(folder, registry, bundle), *more])
