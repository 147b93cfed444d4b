"""The bench's settings are right, of the size that is asked for, and differ by one adapter where they should."""

from __future__ import annotations

import pytest

from infra.catalog import Catalog, load_catalog
from infra.load import NAMESPACE, load_settings
from infra.settings import Settings
from tests.bench.settings import RESOURCES_A_TENANT, generated, of_tenants


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def loaded(config: dict[str, object], catalog: Catalog) -> Settings:
    return load_settings({key.removeprefix(NAMESPACE): value for key, value in config.items()}, catalog)


@pytest.mark.parametrize("resources", [1, RESOURCES_A_TENANT, 500])
def test_they_are_right_at_any_size(resources: int, catalog: Catalog) -> None:
    settings = loaded(generated(resources), catalog)
    assert len(settings.kitchens) * RESOURCES_A_TENANT >= resources


def test_one_kitchen_may_be_in_hot_mode(catalog: Catalog) -> None:
    settings = loaded(of_tenants(3, last_is_hot=True), catalog)
    assert [kitchen.hot for kitchen in settings.kitchens.values()] == [False, False, True]
