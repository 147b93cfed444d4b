"""Dev up on this machine, and a clone of the project beside it that a test may change."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from tests.delivery.support.scratch import Scratch
from tools.local.up import LocalKitchen


def kitchen_and_scratch(folder: Path, stack: ExitStack) -> tuple[LocalKitchen, Scratch]:
    """Bring both up below `folder`; the kitchen goes down when `stack` ends."""
    kitchen = LocalKitchen(folder / "kitchen")
    stack.enter_context(kitchen.cluster)  # with the guard that ends it with this process
    stack.callback(kitchen.down)
    kitchen.up()
    scratch = Scratch(folder / "scratch")
    scratch.make()
    return kitchen, scratch
