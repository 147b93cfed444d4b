"""What a forge holds that is asked for here, in one form for all of them, and what each of them can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

SUCCESS, FAILURE, PENDING = "success", "failure", "pending"


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A comment on a pull request. `author` is an account's name, "" where it is gone."""

    id: int
    author: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """What an account says of a commit under a name."""

    context: str
    state: str
    description: str
    author: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Pull:
    """A pull request (GitLab: a merge request): its newest commit, its branch, and the commits by which it came in."""

    number: int
    head: str
    branch: str
    merged: bool
    landed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An open issue."""

    number: int
    title: str
    body: str
    author: str


class Forge(Protocol):
    """A repository of a forge, seen by the token's account. Each method raises ForgeError."""

    longest: int
    """Characters of a comment, and of an issue's text."""

    @property
    def account(self) -> str:
        """The token's own account."""

    def pull(self, number: int) -> Pull:
        """A pull request."""

    def pulls_of(self, commit: str) -> Sequence[Pull]:
        """Pull requests that a commit belongs to."""

    def comments(self, number: int) -> Iterator[Comment]:
        """Every comment of people and programs on a pull request."""

    def comment(self, number: int, body: str) -> None:
        """A new comment."""

    def edit_comment(self, number: int, comment: int, body: str) -> None:
        """Another text for a comment."""

    def delete_comment(self, number: int, comment: int) -> None:
        """Take a comment away."""

    def statuses(self, commit: str) -> Sequence[Status]:
        """Every status of a commit, the newest first."""

    def set_status(self, commit: str, status: Status) -> None:
        """Say something of a commit."""

    def issues(self) -> Iterator[Issue]:
        """Open issues; those of other accounts may be left out."""

    def open_issue(self, title: str, body: str) -> int:
        """A new issue; its number."""

    def edit_issue(self, number: int, body: str) -> None:
        """Another text for an issue."""

    def close_issue(self, number: int, body: str) -> None:
        """Another text for an issue, and close it."""
