"""GitLab's REST interface, v4: merge requests, notes, commit statuses, issues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from ops.forge.door import Door, quoted
from ops.forge.errors import BusyError, ForgeError
from ops.forge.reading import commit as commit_in
from ops.forge.reading import name, number, reading, text
from ops.forge.things import FAILURE, PENDING, SUCCESS, Comment, Issue, Pull, Status

_TOLD = {SUCCESS: "success", FAILURE: "failed", PENDING: "running"}
_UNDECIDED = {"created", "waiting_for_resource", "preparing", "pending", "running", "scheduled", "manual"}


class GitLab:
    """A project of GitLab."""

    longest = 1_000_000

    def __init__(self, door: Door, project: str) -> None:
        """`project` is its path with groups, such as `ai/kitchen`, or its number; nothing is asked."""
        self._door = door
        self._path = f"/projects/{quoted(project)}"

    @cached_property
    def account(self) -> str:
        """The token's own account."""
        said = self._door.get("/user")
        with reading(self._door, "/user"):
            if not (found := text(said, "username")):
                raise ValueError
            return found

    def pull(self, number: int) -> Pull:
        """A merge request."""
        path = f"{self._path}/merge_requests/{number}"
        return self._pull(path, self._door.get(path))

    def pulls_of(self, commit: str) -> Sequence[Pull]:
        """Merge requests that the commit belongs to."""
        path = f"{self._path}/repository/commits/{quoted(commit)}/merge_requests"
        return [self._pull(path, entry) for entry in self._door.pages(path)]

    def comments(self, number: int) -> Iterator[Comment]:
        """Every note that is not GitLab's own."""
        path = f"{self._path}/merge_requests/{number}/notes"
        for entry in self._door.pages(path, sort="asc", order_by="created_at"):
            if entry.get("system"):
                continue
            with reading(self._door, path):
                found = Comment(id=_id(entry), author=name(entry, "author", "username"), body=text(entry, "body"))
            yield found

    def comment(self, number: int, body: str) -> None:
        """A new note."""
        self._door.send("POST", f"{self._path}/merge_requests/{number}/notes", {"body": body}, again=False)

    def edit_comment(self, number: int, comment: int, body: str) -> None:
        """Another text."""
        path = f"{self._path}/merge_requests/{number}/notes/{comment}"
        self._door.send("PUT", path, {"body": body}, again=True)

    def delete_comment(self, number: int, comment: int) -> None:
        """Take it away."""
        self._door.send("DELETE", f"{self._path}/merge_requests/{number}/notes/{comment}", again=False)

    def statuses(self, commit: str) -> Sequence[Status]:
        """Every status, the newest first."""
        path = f"{self._path}/repository/commits/{quoted(commit)}/statuses"
        found = []
        for entry in self._door.pages(path, all="true"):
            with reading(self._door, path):
                found.append((_id(entry), _status(entry)))
        return [status for _, status in sorted(found, key=lambda pair: -pair[0])]

    def set_status(self, commit: str, status: Status) -> None:
        """Say something of a commit.

        GitLab refuses to say twice that something runs. With the same text it stands there; else it is ended first.
        """
        path = f"{self._path}/statuses/{quoted(commit)}"
        content = {"state": _TOLD[status.state], "name": status.context, "description": status.description[:255]}
        content |= {"target_url": status.url} if status.url else {}
        try:
            self._door.send("POST", path, content, again=True)
        except BusyError:
            raise
        except ForgeError:
            newest = next((one for one in self.statuses(commit) if one.context == status.context), None)
            if newest is None or (newest.author, newest.state) != (self.account, status.state):
                raise
            if newest.description != status.description:
                if status.state != PENDING:
                    raise
                for state in ("canceled", content["state"]):
                    self._door.send("POST", path, content | {"state": state}, again=True)

    def issues(self) -> Iterator[Issue]:
        """Open issues."""
        path = f"{self._path}/issues"
        for entry in self._door.pages(path, state="opened"):
            with reading(self._door, path):
                found = Issue(number=number(entry, "iid"), title=text(entry, "title"),
                              body=text(entry, "description"), author=name(entry, "author", "username"))  # fmt: skip
            yield found

    def open_issue(self, title: str, body: str) -> int:
        """A new issue."""
        path = f"{self._path}/issues"
        said = self._door.send("POST", path, {"title": title, "description": body}, again=False)
        with reading(self._door, path):
            return number(said, "iid")

    def edit_issue(self, number: int, body: str) -> None:
        """Another text."""
        self._door.send("PUT", f"{self._path}/issues/{number}", {"description": body}, again=True)

    def close_issue(self, number: int, body: str) -> None:
        """Another text, and closed."""
        content = {"description": body, "state_event": "close"}
        self._door.send("PUT", f"{self._path}/issues/{number}", content, again=True)

    def _pull(self, path: str, said: Mapping[str, Any]) -> Pull:
        with reading(self._door, path):
            keys = [key for key in ("merge_commit_sha", "squash_commit_sha") if said.get(key)]
            landed = tuple(commit_in(said, key) for key in keys)
            head = commit_in(said, "sha")
            if not head:
                raise ValueError
            merged = text(said, "state") == "merged"
            return Pull(
                number=number(said, "iid"),
                head=head,
                merged=merged,
                branch=text(said, "target_branch"),
                landed=landed if merged else (),
            )


def _status(entry: Mapping[str, Any]) -> Status:
    state = text(entry, "status")
    return Status(
        context=text(entry, "name"),
        state=PENDING if state in _UNDECIDED else SUCCESS if state == "success" else FAILURE,
        description=text(entry, "description"),
        author=name(entry, "author", "username"),
    )


def _id(entry: Mapping[str, Any]) -> int:
    return number(entry, "id")
