"""GitHub's REST interface, and its question by GraphQL who a token is that belongs to no person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from ops.forge.door import quoted
from ops.forge.errors import BusyError, ForgeError
from ops.forge.gitea import Gitea
from ops.forge.reading import reading, text
from ops.forge.things import Pull

_REST = re.compile(r"/v3$")


class GitHub(Gitea):
    """A repository of GitHub, or of GitHub Enterprise Server (`.../api/v3`)."""

    state_key = "state"

    @cached_property
    def account(self) -> str:
        """The token's own account; that of an app, as of a workflow's own token, is known by GraphQL alone."""
        try:
            return super().account
        except BusyError:
            raise
        except ForgeError:
            return self._viewer()

    def pulls_of(self, commit: str) -> Sequence[Pull]:
        """Pull requests that the commit belongs to."""
        path = f"{self._path}/commits/{quoted(commit)}/pulls"
        return [self._pull(path, entry) for entry in self._door.pages(path)]

    def _viewer(self) -> str:
        door = replace(self._door, base=_REST.sub("", self._door.base))
        said = door.send("POST", "/graphql", {"query": "{viewer{login}}"}, again=True)
        with reading(door, "/graphql"):
            login = text(said["data"]["viewer"], "login")
            if not login:
                raise ValueError
            return login
