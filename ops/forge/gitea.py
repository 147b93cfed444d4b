"""Gitea's REST interface, v1, and what GitHub's has in common with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from ops.forge.door import Door, quoted
from ops.forge.reading import commit as commit_in
from ops.forge.reading import name, number, reading, text
from ops.forge.things import FAILURE, PENDING, SUCCESS, Comment, Issue, Pull, Status


class Gitea:
    """A repository of Gitea."""

    longest = 65_536
    state_key = "status"
    """Where a status has its state."""

    def __init__(self, door: Door, repository: str) -> None:
        """`repository` is `owner/name`; nothing is asked."""
        self._door = door
        owner, _, called = repository.partition("/")
        self._path = f"/repos/{quoted(owner)}/{quoted(called)}"

    @cached_property
    def account(self) -> str:
        """The token's own account."""
        said = self._door.get("/user")
        with reading(self._door, "/user"):
            return _there(text(said, "login"))

    def pull(self, number: int) -> Pull:
        """A pull request."""
        path = f"{self._path}/pulls/{number}"
        return self._pull(path, self._door.get(path))

    def pulls_of(self, commit: str) -> Sequence[Pull]:
        """The merged pull request that a commit came in by."""
        path = f"{self._path}/commits/{quoted(commit)}/pull"
        said = self._door.found(path)
        return [] if said is None else [self._pull(path, said)]

    def comments(self, number: int) -> Iterator[Comment]:
        """Every comment."""
        path = f"{self._path}/issues/{number}/comments"
        for entry in self._door.pages(path):
            with reading(self._door, path):
                found = Comment(id=_id(entry), author=name(entry, "user", "login"), body=text(entry, "body"))
            yield found

    def comment(self, number: int, body: str) -> None:
        """A new comment."""
        self._door.send("POST", f"{self._path}/issues/{number}/comments", {"body": body}, again=False)

    def edit_comment(self, number: int, comment: int, body: str) -> None:
        """Another text; comments are numbered through the repository."""
        self._door.send("PATCH", f"{self._path}/issues/comments/{comment}", {"body": body}, again=True)

    def delete_comment(self, number: int, comment: int) -> None:
        """Take it away."""
        self._door.send("DELETE", f"{self._path}/issues/comments/{comment}", again=False)

    def statuses(self, commit: str) -> Sequence[Status]:
        """Every status, the newest first."""
        path = f"{self._path}/commits/{quoted(commit)}/statuses"
        found = []
        for entry in self._door.pages(path):
            with reading(self._door, path):
                found.append((_id(entry), self._status(entry)))
        return [status for _, status in sorted(found, key=lambda pair: -pair[0])]

    def set_status(self, commit: str, status: Status) -> None:
        """Say something of a commit; the newest counts, so that saying it twice does no harm."""
        content = {"state": status.state, "context": status.context, "description": status.description}
        content |= {"target_url": status.url} if status.url else {}
        self._door.send("POST", f"{self._path}/statuses/{quoted(commit)}", content, again=True)

    def issues(self) -> Iterator[Issue]:
        """Open issues."""
        path = f"{self._path}/issues"
        for entry in self._door.pages(path, state="open", type="issues"):
            if entry.get("pull_request"):
                continue
            with reading(self._door, path):
                found = Issue(number=number(entry, "number"), title=text(entry, "title"), body=text(entry, "body"),
                              author=name(entry, "user", "login"))  # fmt: skip
            yield found

    def open_issue(self, title: str, body: str) -> int:
        """A new issue."""
        path = f"{self._path}/issues"
        said = self._door.send("POST", path, {"title": title, "body": body}, again=False)
        with reading(self._door, path):
            return number(said, "number")

    def edit_issue(self, number: int, body: str) -> None:
        """Another text."""
        self._door.send("PATCH", f"{self._path}/issues/{number}", {"body": body}, again=True)

    def close_issue(self, number: int, body: str) -> None:
        """Another text, and closed."""
        self._door.send("PATCH", f"{self._path}/issues/{number}", {"body": body, "state": "closed"}, again=True)

    def _pull(self, path: str, said: Mapping[str, Any]) -> Pull:
        with reading(self._door, path):
            merged = bool(said["merged_at"])
            landed = commit_in(said, "merge_commit_sha") if merged and said.get("merge_commit_sha") else ""
            return Pull(number=number(said, "number"), head=_there(commit_in(said["head"], "sha")), merged=merged,
                        branch=_there(text(said["base"], "ref")), landed=(landed,) if landed else ())  # fmt: skip

    def _status(self, entry: Mapping[str, Any]) -> Status:
        state = text(entry, self.state_key)
        return Status(
            context=text(entry, "context"),
            state=state if state in (SUCCESS, PENDING) else FAILURE,
            description=text(entry, "description"),
            author=name(entry, "creator", "login"),
        )


def _id(entry: Mapping[str, Any]) -> int:
    return number(entry, "id")


def _there(value: str) -> str:
    if not value:
        raise ValueError
    return value
