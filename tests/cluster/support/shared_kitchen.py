"""One `make up` for the modules that need a kitchen and leave it as it was: it takes a minute of a processor."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from tests.cluster.support.environments import make
from tools.local.up import LocalKitchen


class SharedKitchen:
    """A kitchen that modules of one process hand on; the last one may take it down."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        """Describe it; what it will start ends with `stack`."""
        self._kitchen = LocalKitchen(folder)
        self._stack = stack
        stack.callback(self.down)

    def empty(self) -> LocalKitchen:
        """The kitchen as a cluster with nothing on it; what was there is taken down."""
        self.down()
        self._stack.enter_context(self._kitchen.cluster)  # starts it, with the guard that ends it with this process
        return self._kitchen

    def up(self) -> LocalKitchen:
        """The kitchen with dev on it: by a first `make up`, unless an earlier module has left it so."""
        if not self._kitchen.workspace.exists():
            self.empty()
            make("up", self._kitchen.folder)
        return self._kitchen

    def down(self) -> None:
        """Take down what is there, so that it needs no processor until the end of the run."""
        if self._kitchen.folder.exists():
            self._kitchen.down()
