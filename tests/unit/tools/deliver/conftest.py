"""What answers calls after an update."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.model_door import ModelDoor


@pytest.fixture
def entry() -> Iterator[ModelDoor]:
    with ModelDoor() as server:
        yield server
