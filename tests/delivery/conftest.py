"""This tier runs where `make test-delivery` has provided its programs, and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.delivery.support.scratch import Scratch
from tools.toolchain import look_up
from tools.toolchain.families import DELIVERY

_RUNNERS = ("KITCHEN_ACT", "KITCHEN_GITLAB_CI_LOCAL")

collect_ignore_glob = [] if all(map(os.environ.get, _RUNNERS)) and all(map(look_up, DELIVERY)) else ["test_*.py"]


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    """A repository of the test's own, as its remote holds it."""
    made = Scratch(tmp_path / "scratch")
    made.make()
    return made
