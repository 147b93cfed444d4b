"""What the tests of checks begin with: a catalog, and a base model that has no fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.catalog import Catalog, load_catalog
from tests.support.artifacts import MODEL, catalog_folder, write
from tools import fixtures


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(catalog_folder(tmp_path_factory.mktemp("catalog") / "catalog"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "model", fixtures.base_model_files(MODEL))
