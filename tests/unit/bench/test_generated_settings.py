"""The bench's settings are right, of the size that is asked for, and differ by one adapter where they should."""

from __future__ import annotations

import time

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


def cpu_seconds(config: dict[str, object], catalog: Catalog) -> float:
    """The shortest of several checks: other work on the machine only makes one longer."""
    times = []
    for _ in range(5):
        start = time.process_time()
        loaded(config, catalog)
        times.append(time.process_time() - start)
    return min(times)


def test_the_time_of_a_check_grows_with_the_number_of_tenants_and_not_with_its_square(catalog: Catalog) -> None:
    small, large = (cpu_seconds(of_tenants(count), catalog) for count in (100, 1600))
    assert large / small < 25, "16 times the tenants: 16 is in proportion"
