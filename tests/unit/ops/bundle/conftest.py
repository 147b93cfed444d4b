"""Two real registries, and a person who is logged in to both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.bundle import copier
from tests.support.image_registry import ImageRegistry, logins


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ImageRegistry, ImageRegistry]]:
    folder = tmp_path_factory.mktemp("registries")
    with ImageRegistry(folder / "outside") as outside, ImageRegistry(folder / "inside") as inside:
        yield outside, inside


@pytest.fixture
def outside(registries: tuple[ImageRegistry, ImageRegistry], logged_in: None) -> ImageRegistry:
    del logged_in
    return registries[0]


@pytest.fixture
def inside(registries: tuple[ImageRegistry, ImageRegistry], logged_in: None) -> ImageRegistry:
    del logged_in
    return registries[1]


@pytest.fixture
def logged_in(registries: tuple[ImageRegistry, ImageRegistry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in logins(tmp_path / "logins", *registries).items():
        if name != "HOME":  # the toolchain's cache lies there
            monkeypatch.setenv(name, value)
    monkeypatch.setitem(copier.PATIENCE, "firstWaitSeconds", 0.05)


@pytest.fixture
def repository(request: pytest.FixtureRequest) -> str:
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name.lower())
    return "example/" + "-".join(part for part in name.split("-") if part)
