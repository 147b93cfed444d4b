"""A forge on loopback with the shapes of GitHub's, GitLab's and Gitea's REST interfaces, as far as they are asked."""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.quiet_server import QuietServer

TOKEN = "canary-token-9c41e7"
OWN, OTHER = "kitchen-bot", "mallory"
HEAD = "a" * 40
MERGE = "b" * 40

Answer = tuple[int, Any, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question as it came."""

    method: str
    path: str
    body: Any
    headers: Mapping[str, str]


@dataclass(kw_only=True)
class ForgeServer:
    """Use it as a context manager. `kind` is github, gitlab or gitea.

    `landed` says by commit which pull request, and with which head, it came in by; without it all are of number 12.
    `hook` answers instead of it, or gives None; bytes of a hook go out as they are. `paged`: entries of a page.
    """

    kind: str
    comments: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    head: str = HEAD
    merged: bool = False
    known: bool = True
    landed: dict[str, tuple[int, str]] | None = None
    user: bool = True
    hook: Callable[[str, str, Any], Answer | bytes | None] = lambda *_: None
    most: int = 1000
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self) -> ForgeServer:
        held = self

        class Handler(_Handler):
            forge = held

        self._server = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.host = f"http://127.0.0.1:{self._server.server_port}"
        tail = {"github": "/api/v3", "gitlab": "/api/v4", "gitea": "/api/v1"}[self.kind]
        self.url = self.host + tail
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def variables(self, **changes: str) -> dict[str, str]:
        """What a pipeline sets."""
        made = {"KITCHEN_FORGE": self.kind, "KITCHEN_FORGE_URL": self.url, "KITCHEN_FORGE_TOKEN": TOKEN,
                "KITCHEN_FORGE_REPOSITORY": "ai/kitchen", "KITCHEN_FORGE_PULL": "12",
                "KITCHEN_FORGE_COMMIT": HEAD}  # fmt: skip
        return made | changes

    def add_comment(self, author: str, body: str) -> int:
        self._count = getattr(self, "_count", 100) + 1
        self.comments.append({"id": self._count, "body": body, **self._by(author)})
        return self._count

    def add_issue(self, author: str, title: str, body: str) -> int:
        number = len(self.issues) + 1
        key = "description" if self.kind == "gitlab" else "body"
        words = {"iid" if self.kind == "gitlab" else "number": number, "id": number + 5000}
        self.issues.append({**words, "title": title, key: body, "state": "open", **self._by(author)})
        return number

    def add_status(self, author: str, context: str, state: str, description: str, commit: str = HEAD) -> None:
        names = {"github": ("state", "context", "creator"), "gitea": ("status", "context", "creator"),
                 "gitlab": ("status", "name", "author")}[self.kind]  # fmt: skip
        account = {"login": author} if self.kind != "gitlab" else {"username": author}
        self.statuses.append({"id": len(self.statuses) + 1, names[0]: state, names[1]: context, names[2]: account,
                              "description": description, "sha": commit})  # fmt: skip

    def texts(self, author: str = OWN) -> list[str]:
        return [entry["body"] for entry in self.comments if _author(entry) == author]

    def answer(self, method: str, path: str, body: Any, query: Mapping[str, list[str]]) -> Answer:
        tail = {"github": "/api/v3", "gitlab": "/api/v4", "gitea": "/api/v1"}[self.kind]
        if self.kind == "github" and path == "/api/graphql":
            return 200, {"data": {"viewer": {"login": OWN}}}, {}
        repository = "/projects/ai%2Fkitchen" if self.kind == "gitlab" else "/repos/ai/kitchen"
        if path == f"{tail}/user":
            name = "username" if self.kind == "gitlab" else "login"
            return (200, {"id": 7, name: OWN}, {}) if self.user else (403, {"message": "Resource not accessible"}, {})
        if not path.startswith(tail + repository):
            return 404, {"message": "404 Project Not Found"}, {}
        return self._of_repository(method, path.removeprefix(tail + repository), body, query)

    def _of_repository(  # noqa: PLR0911 - a row of addresses
        self, method: str, path: str, body: Any, query: Mapping[str, list[str]]
    ) -> Answer:
        lab = self.kind == "gitlab"
        here = "/merge_requests/12" if lab else "/pulls/12"
        notes = "/merge_requests/12/notes" if lab else "/issues/12/comments"
        if path == here:
            return 200, self._pull(), {}
        if path == notes and method == "GET":
            return self._page(self.comments, query, paged=self.kind != "gitea")
        if path == notes:
            self.add_comment(OWN, body["body"])
            return 201, self.comments[-1], {}
        if found := re.fullmatch((notes if lab else "/issues/comments") + r"/(\d+)", path):
            return self._one_comment(method, int(found[1]), body)
        if found := re.fullmatch(r"/statuses/([0-9a-f]+)", path):
            name = body["name"] if lab else body["context"]
            last = [one["status"] for one in self.statuses if lab and (one["sha"], one["name"]) == (found[1], name)]
            if body["state"] == "running" and last[-1:] == ["running"]:  # its text stays, too
                return 400, {"message": "Cannot transition status via :run from :running"}, {}
            self.add_status(OWN, name, body["state"], body.get("description", ""), found[1])
            return 201, {}, {}
        if found := re.fullmatch(r"(?:/repository)?/commits/([0-9a-f]+)/statuses", path):
            mine = [entry for entry in self.statuses if entry["sha"] == found[1]]
            return self._page(list(reversed(mine)) if self.kind == "github" else mine, query)
        if found := re.fullmatch(r"(?:/repository)?/commits/([0-9a-f]+)/(?:pulls?|merge_requests)", path):
            pulls = self._pulls_of(found[1])
            if self.kind == "gitea":
                return (200, pulls[0], {}) if pulls else (404, {"message": "not found"}, {})
            return self._page(pulls, query)
        if path == "/issues" and method == "GET":
            return self._page([entry for entry in self.issues if entry["state"] == "open"], query)
        if path == "/issues":
            self.add_issue(OWN, body["title"], body["description" if lab else "body"])
            return 201, self.issues[-1], {}
        if found := re.fullmatch(r"/issues/(\d+)", path):
            entry = self.issues[int(found[1]) - 1]
            closed = body.pop("state_event", None) == "close" or body.get("state") == "closed"
            entry |= body | ({"state": "closed"} if closed else {})
            return 200, entry, {}
        return 404, {"message": f"404 {path}"}, {}

    def _one_comment(self, method: str, number: int, body: Any) -> Answer:
        found = next((entry for entry in self.comments if entry["id"] == number), None)
        if found is None:
            return 404, {"message": "Not Found"}, {}
        if _author(found) != OWN:
            return 403, {"message": "not yours"}, {}
        if method == "DELETE":
            self.comments.remove(found)
            return 204, None, {}
        found["body"] = body["body"]
        return 200, found, {}

    def _pulls_of(self, commit: str) -> list[dict[str, Any]]:
        if self.landed is None:
            return [self._pull()] if self.known else []
        if (known := self.landed.get(commit)) is None:
            return []
        number, head = known
        if self.kind == "gitlab":
            return [self._pull() | {"iid": number, "sha": head, "merge_commit_sha": commit}]
        return [self._pull() | {"number": number, "head": {"sha": head}, "merge_commit_sha": commit}]

    def _pull(self) -> dict[str, Any]:
        if self.kind == "gitlab":
            landed = MERGE if self.merged else None
            state = "merged" if self.merged else "opened"
            return {"id": 912, "iid": 12, "sha": self.head, "state": state, "merge_commit_sha": landed,
                    "squash_commit_sha": None, "target_branch": "main"}  # fmt: skip
        return {"id": 912, "number": 12, "head": {"sha": self.head}, "merge_commit_sha": MERGE, "base": {"ref": "main"},
                "merged_at": "2026-01-01T00:00:00Z" if self.merged else None}  # fmt: skip

    def _by(self, author: str) -> dict[str, Any]:
        return (
            {"author": {"username": author}, "system": False} if self.kind == "gitlab" else {"user": {"login": author}}
        )

    def _page(self, entries: list[dict[str, Any]], query: Mapping[str, list[str]], *, paged: bool = True) -> Answer:
        """Gitea gives all comments at once, whatever page is asked for, and counts them."""
        size = min(self.most, int((query.get("per_page") or query.get("limit") or ["20"])[0]))
        page = int((query.get("page") or ["1"])[0])
        total = {"X-Total-Count": str(len(entries))} if self.kind == "gitea" else {}
        if not paged:
            return 200, entries, total
        goes_on = page * size < len(entries)
        link = {"Link": f'<{self.host}/elsewhere?page={page + 1}>; rel="next", <{self.host}/x>; rel="last"'}
        more = link if goes_on and self.kind == "github" else {}
        if self.kind == "gitlab":
            more = {"X-Next-Page": str(page + 1) if goes_on else ""}
        return 200, entries[(page - 1) * size : page * size], {**total, **more}


def _author(entry: Mapping[str, Any]) -> str:
    return str((entry.get("user") or entry.get("author") or {}).get("login") or entry.get("author", {}).get("username"))


class _Server(QuietServer):
    def handle_error(self, *_: object) -> None:
        """A client that is gone: nothing to tell."""


class _Handler(http.server.BaseHTTPRequestHandler):
    forge: ForgeServer

    def log_message(self, *_: object) -> None:
        pass

    def _say(self) -> None:
        forge = self.forge
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        parts = urlsplit(self.path)
        forge.asked.append(Asked(method=self.command, path=self.path, body=body, headers=dict(self.headers.items())))
        answer = forge.hook(self.command, parts.path, body)
        if isinstance(answer, bytes):
            self.wfile.write(answer)
            self.close_connection = True
            return
        status, content, headers = answer or self._known(parts.path, body, parse_qs(parts.query))
        text = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _known(self, path: str, body: Any, query: Mapping[str, list[str]]) -> Answer:
        forge = self.forge
        own = {"github": ("Authorization", f"Bearer {TOKEN}"), "gitlab": ("PRIVATE-TOKEN", TOKEN),
               "gitea": ("Authorization", f"token {TOKEN}")}[forge.kind]  # fmt: skip
        if self.headers.get(own[0]) != own[1]:
            return 401, {"message": "Bad credentials"}, {}
        kept = path if forge.kind == "gitlab" else unquote(path)
        return forge.answer(self.command, kept, body, query)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _say  # noqa: N815
