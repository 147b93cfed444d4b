"""A repository at the forge: main is protected, changes come by pull requests of the author's own clone."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.forge.support.gitea import AUTHOR, KITCHEN, OWNER, REVIEWER, Answer, Gitea

_MERGE_SECONDS = 60
REFUSED = (405, 409)
"""By the rules of the branch, or by its hook that looks once more."""


def git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run git in a folder, with a name of the test's own and without the user's settings."""
    names = ["-c", "user.name=author", "-c", "user.email=author@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *names, *words], cwd=folder, capture_output=True, text=True, check=False)


def must(folder: Path, *words: str) -> str:
    """As `git`, for what has to succeed; its output."""
    done = git(folder, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Repository:
    """`owner/<name>`: the author writes branches, the kitchen's own account comments and sets statuses."""

    def __init__(self, gitea: Gitea, name: str) -> None:
        self.gitea = gitea
        self.name = f"{OWNER}/{name}"
        self.path = f"/repos/{self.name}"
        gitea.must(OWNER, "POST", "/user/repos", {"name": name, "default_branch": "main", "auto_init": False})
        for user in (AUTHOR, REVIEWER, KITCHEN):
            gitea.must(OWNER, "PUT", f"{self.path}/collaborators/{user}", {"permission": "write"})

    def filled(self, folder: Path) -> None:
        """Push the branch of a clone as main, and protect it from then on."""
        must(folder, "push", "-q", self.gitea.address(OWNER, self.name), "HEAD:refs/heads/main")
        self._wait(lambda: not self.gitea.must(OWNER, "GET", self.path)["empty"])

    def protect(self, *contexts: str) -> None:
        """No push to main; these statuses and one approval before a merge, and none that is older than the change."""
        rule = {
            "rule_name": "main",
            "enable_push": False,
            "required_approvals": 1,
            "enable_status_check": bool(contexts),
            "status_check_contexts": list(contexts),
            "dismiss_stale_approvals": True,
            "block_on_rejected_reviews": True,
        }
        self.gitea.must(OWNER, "POST", f"{self.path}/branch_protections", rule)

    def pull(self, folder: Path, branch: str, title: str) -> dict[str, Any]:
        """Push the clone's HEAD as the author and open a pull request."""
        self.push(folder, branch)
        self._wait(lambda: self.gitea.ask(AUTHOR, "GET", f"{self.path}/branches/{branch}").status == 200)
        asked = {"head": branch, "base": "main", "title": title}
        made: dict[str, Any] = self.gitea.must(AUTHOR, "POST", f"{self.path}/pulls", asked)
        return made

    def _wait(self, seen: Callable[[], bool]) -> None:
        """Gitea takes up what was pushed a moment later."""
        limit = time.monotonic() + _MERGE_SECONDS
        while not seen() and time.monotonic() < limit:
            time.sleep(0.2)

    def push(self, folder: Path, branch: str) -> None:
        """Push the clone's HEAD to a branch as the author."""
        must(folder, "push", "-q", "--force", self.gitea.address(AUTHOR, self.name), f"HEAD:refs/heads/{branch}")

    def approve(self, number: int, user: str = REVIEWER) -> Answer:
        """Approve a pull request as a user."""
        return self.gitea.ask(user, "POST", f"{self.path}/pulls/{number}/reviews", {"event": "APPROVED", "body": "ok"})

    def merge(self, number: int, user: str = AUTHOR) -> Answer:
        """Merge; Gitea says to try again while it still looks for conflicts."""
        limit = time.monotonic() + _MERGE_SECONDS
        while True:
            answer = self.gitea.ask(user, "POST", f"{self.path}/pulls/{number}/merge", {"Do": "merge"})
            if answer.status == 200 or "try again" not in str(answer.value) or time.monotonic() > limit:
                return answer
            time.sleep(0.5)

    def comments(self, number: int) -> list[dict[str, Any]]:
        """Every comment of a pull request."""
        found: list[dict[str, Any]] = self.gitea.must(OWNER, "GET", f"{self.path}/issues/{number}/comments")
        return found

    def statuses(self, commit: str) -> dict[str, tuple[str, str]]:
        """State and setter of each context's newest status."""
        entries = self.gitea.must(OWNER, "GET", f"{self.path}/commits/{commit}/statuses?limit=50")
        newest: dict[str, tuple[str, str]] = {}
        for entry in sorted(entries, key=lambda entry: -entry["id"]):
            newest.setdefault(entry["context"], (entry["status"], entry["creator"]["login"]))
        return newest

    def issues(self) -> list[dict[str, Any]]:
        """Every issue, open or closed, without pull requests."""
        found: list[dict[str, Any]] = self.gitea.must(OWNER, "GET", f"{self.path}/issues?state=all&type=issues")
        return found

    def words(self, user: str = KITCHEN, **more: str) -> Mapping[str, str]:
        """Environment by which our commands find this forge as a user."""
        return {
            "KITCHEN_FORGE": "gitea",
            "KITCHEN_FORGE_URL": f"{self.gitea.url}/api/v1",
            "KITCHEN_FORGE_TOKEN": self.gitea.tokens[user],
            "KITCHEN_FORGE_REPOSITORY": self.name,
            **more,
        }
