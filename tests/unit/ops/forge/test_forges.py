"""Three forges by one client, each against a server with its shapes: what is asked, and what becomes of odd answers."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.faults import FaultsError
from ops.forge.door import Door
from ops.forge.errors import BusyError, ForgeError
from ops.forge.settings import no_token, place
from ops.forge.things import FAILURE, PENDING, SUCCESS, Forge, Status
from ops.token.asking import Asker
from ops.token.errors import AwayError
from tests.support.forge_server import HEAD, MERGE, OTHER, OWN, TOKEN, ForgeServer

KINDS = ("github", "gitlab", "gitea")


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[ForgeServer]:
    with ForgeServer(kind=request.param) as made:
        yield made


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    original = Door.__init__

    def quick(self: Door, **options: Any) -> None:
        original(self, **{**options, "sleep": waits.append})

    monkeypatch.setattr(Door, "__init__", quick)
    return waits


def forge(server: ForgeServer) -> Forge:
    found = place(server.variables())
    assert found is not None
    return found.forge()


def test_comments_are_read_to_the_end_made_edited_and_deleted(server: ForgeServer) -> None:
    for number in range(95):
        server.add_comment(OTHER, f"remark {number}")
    one = forge(server)
    assert one.account == OWN
    one.comment(12, "first")
    (mine,) = [entry for entry in one.comments(12) if entry.author == OWN]
    assert (mine.body, len(list(one.comments(12)))) == ("first", 96)
    one.edit_comment(12, mine.id, "second")
    assert server.texts() == ["second"]
    one.delete_comment(12, mine.id)
    assert server.texts() == []


def test_statuses_are_set_and_read_the_newest_first(server: ForgeServer) -> None:
    one = forge(server)
    for state in (PENDING, FAILURE, SUCCESS):
        one.set_status(HEAD, Status(context="kitchen/plan (dev)", state=state, description=state))
    found = one.statuses(HEAD)
    assert [(entry.state, entry.description, entry.author) for entry in found] == [
        (state, state, OWN) for state in (SUCCESS, FAILURE, PENDING)
    ]
    assert one.statuses(MERGE) == []


def test_another_word_for_the_same_state_is_told_too(server: ForgeServer) -> None:
    """GitLab lets nobody say `running` twice: a delivery that was begun, and then met another run."""
    one = forge(server)
    for text in ("begun", "begun", "another run is at work"):
        one.set_status(HEAD, Status(context="kitchen/deliver (dev)", state=PENDING, description=text))
    newest = one.statuses(HEAD)[0]
    assert (newest.state, newest.description) == (PENDING, "another run is at work")


def test_the_pull_request_of_a_commit_is_found(server: ForgeServer) -> None:
    server.merged = True
    (found,) = forge(server).pulls_of(MERGE)
    assert (found.number, found.head, found.branch, found.merged, found.landed) == (12, HEAD, "main", True, (MERGE,))
    assert forge(server).pull(12) == found
    server.known = False
    assert forge(server).pulls_of(MERGE) == []


def test_issues_are_opened_edited_and_closed(server: ForgeServer) -> None:
    one = forge(server)
    for number in range(30):
        server.add_issue(OTHER, f"issue {number}", "text")
    number = one.open_issue("Drift in dev", "a")
    one.edit_issue(number, "b")
    (found,) = [entry for entry in one.issues() if entry.author == OWN]
    assert (found.number, found.title, found.body) == (number, "Drift in dev", "b")
    one.close_issue(number, "c")
    assert [entry for entry in one.issues() if entry.author == OWN] == []


def test_a_token_of_an_app_is_known_by_another_way_at_github() -> None:
    with ForgeServer(kind="github", user=False) as server:
        assert forge(server).account == OWN
        assert server.asked[-1].path == "/api/graphql"
    with ForgeServer(kind="gitea", user=False) as server, pytest.raises(ForgeError, match="status 403"):
        _ = forge(server).account


def test_no_redirect_is_followed(server: ForgeServer) -> None:
    with ForgeServer(kind=server.kind) as foreign:
        server.hook = lambda *_: (307, {}, {"Location": f"{foreign.url}/user"})
        with pytest.raises(ForgeError, match="status 307: a redirect, which is not followed"):
            forge(server).pull(12)
        assert foreign.asked == []


def test_a_next_page_elsewhere_is_not_asked(server: ForgeServer) -> None:
    """The stand-in's links lead to another path: pages are numbers, addresses of an answer are not believed."""
    for number in range(45):
        server.add_comment(OTHER, f"remark {number}")
    assert len(list(forge(server).comments(12))) == 45
    assert not [one for one in server.asked if "elsewhere" in one.path]


ENDLESS = {
    "github": {"Link": '<http://x/>; rel="next"'},
    "gitlab": {"X-Next-Page": "2"},
    "gitea": {"X-Total-Count": "99"},
}


def test_pages_that_repeat_themselves_end(server: ForgeServer) -> None:
    number = server.add_comment(OTHER, "one")
    server.hook = lambda *_: (200, [entry for entry in server.comments if entry["id"] == number], ENDLESS[server.kind])
    with pytest.raises(ForgeError, match="its pages repeat themselves"):
        list(forge(server).comments(12))
    assert len(server.asked) == 2


def test_a_list_goes_on_where_a_proxy_takes_the_headers_that_say_so(server: ForgeServer) -> None:
    by = {"user": {"login": OTHER}, "author": {"username": OTHER}}
    pages = [[{"id": page * 20 + one + 1, "body": "x", **by} for one in range(count)]
             for page, count in enumerate((20, 20, 0))]  # fmt: skip
    server.hook = in_turn(*((200, page, {}) for page in pages))
    assert len(list(forge(server).comments(12))) == 40


@pytest.mark.parametrize("number", [{}, [1], None])
def test_an_entry_without_a_number_is_an_answer_of_another_form(number: object, server: ForgeServer) -> None:
    server.hook = lambda *_: (200, [{"id": number}], {})
    one = forge(server)
    asks: list[Callable[[], Iterable[object]]] = [lambda: one.comments(12), one.issues, lambda: one.statuses(HEAD)]
    for ask in asks:
        with pytest.raises(ForgeError, match="the answer is none of"):
            list(ask())


def test_pages_without_end_end(server: ForgeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.forge.door._MOST_PAGES", 7)

    def more(*_: object) -> Any:
        server.add_comment(OTHER, "one")
        return 200, server.comments[-1:], ENDLESS[server.kind] | {"X-Total-Count": "999999"}

    server.hook = more
    with pytest.raises(ForgeError, match="more than 7 pages"):
        list(forge(server).comments(12))


ODD: dict[str, tuple[Any, str]] = {
    "no JSON": (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "the answer is none of"),
    "an object": ((200, {"message": "hello"}, {}), "the answer is none of"),
    "numbers": ((200, [1, 2], {}), "the answer is none of"),
    "other types": ((200, [{"id": "x", "user": [], "author": [], "body": 5}], {}), "the answer is none of"),
    "null": ((200, None, {}), "the answer is none of"),
    "deep": (b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"[" * 200000, "the answer is none of"),
    "not HTTP": (b"hello\r\n\r\n", "is no HTTP, or breaks off"),
    "cut": (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[{", "breaks off"),
}


@pytest.mark.usefixtures("slept")
@pytest.mark.parametrize("case", ODD)
def test_an_answer_that_is_none_is_one_line(case: str, server: ForgeServer) -> None:
    answer, why = ODD[case]
    server.hook = lambda *_: answer
    with pytest.raises(ForgeError, match=why) as raised:
        list(forge(server).comments(12))
    assert "\n" not in str(raised.value)
    assert TOKEN not in str(raised.value)


def test_a_huge_answer_is_not_read(server: ForgeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.forge.door._MOST", 100_000)
    server.hook = lambda *_: b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 2_000_000
    with pytest.raises(ForgeError, match="an answer of more than 100000 bytes"):
        forge(server).pull(12)


SAYS = {
    401: "it does not know the token",
    403: "the token may not do that",
    404: "it is not there",
    409: "run the command again",
    410: "switched off",
    418: "it refuses",
    422: "it does not take that",
}


@pytest.mark.parametrize("status", SAYS)
def test_a_refusal_says_what_to_do_and_no_secret(status: int, server: ForgeServer) -> None:
    server.hook = lambda *_: (status, {"message": f"you sent {TOKEN}\x1b[2J\nand more"}, {})
    with pytest.raises(ForgeError, match=SAYS[status]) as raised:
        forge(server).comment(12, "text")
    said = str(raised.value)
    assert TOKEN not in said
    assert said.isprintable()
    assert len(server.asked) == 1, "asking again would not help"


def in_turn(*answers: Any) -> Callable[..., Any]:
    left = list(answers)
    return lambda *_: left.pop(0) if left else None


def test_a_busy_forge_is_asked_again(server: ForgeServer, slept: list[float]) -> None:
    server.hook = in_turn((503, {}, {}), (429, {}, {"Retry-After": "7"}), (502, None, {}))
    assert forge(server).pull(12).number == 12
    assert slept == [2, 7, 8]


def test_a_forge_that_stays_busy_is_told(server: ForgeServer, slept: list[float]) -> None:
    server.hook = lambda *_: (500, {"message": "oops"}, {})
    with pytest.raises(BusyError, match="asked 4 times: run the command again later"):
        forge(server).pull(12)
    assert len(slept) == 3


def test_headers_byte_by_byte_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte is a sign of life for a socket, and none of them an answer."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        given_up = threading.Event()

        def drip() -> None:
            with contextlib.suppress(OSError), door.accept()[0] as caller:
                caller.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
                while not given_up.wait(0.1):
                    caller.sendall(b"a")

        threading.Thread(target=drip, daemon=True).start()
        monkeypatch.setattr("ops.token.asking._GRACE", 0.2)
        try:
            with pytest.raises(AwayError, match=r"no whole answer in 0\.5 s"):
                Asker(seconds=0.5).exchange("GET", f"http://127.0.0.1:{door.getsockname()[1]}/", None, {})
        finally:
            given_up.set()


@pytest.mark.parametrize("asked", ["3600", "99999999999999999999", "Fri, 01 Jan 2999 00:00:00 GMT"])
def test_nobody_waits_for_an_hour(asked: str, server: ForgeServer, slept: list[float]) -> None:
    server.hook = lambda *_: (429, {"message": "slow"}, {"Retry-After": asked})
    with pytest.raises(BusyError, match="it is asked too often"):
        forge(server).pull(12)
    assert slept == []


def test_github_s_limit_is_a_403_with_a_time(slept: list[float]) -> None:
    with ForgeServer(kind="github") as server:
        before = time.time()
        reset = int(before) + 20
        server.hook = in_turn((403, {}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}))
        assert forge(server).pull(12).number == 12
    assert reset - time.time() <= slept[0] <= reset - before + 1


def test_a_new_comment_is_not_sent_twice_by_the_door(server: ForgeServer, slept: list[float]) -> None:
    server.hook = lambda *_: (502, {}, {})
    with pytest.raises(ForgeError):
        forge(server).comment(12, "text")
    assert (len(server.asked), slept) == (1, [])


def test_the_token_goes_out_as_a_header_alone(server: ForgeServer) -> None:
    forge(server).comment(12, "text")
    for asked in server.asked:
        assert TOKEN not in asked.path
        assert TOKEN not in str(asked.body)
    assert TOKEN not in repr(place(server.variables()))
    assert TOKEN not in repr(forge(server)._door)  # type: ignore[attr-defined]


def test_without_a_token_there_is_no_place() -> None:
    assert place({"KITCHEN_FORGE": "gitea"}) is None
    assert place({"GITLAB_CI": "true", "CI_JOB_TOKEN": "x"}) is None
    assert "a job's own token cannot comment in GitLab" in no_token({"GITLAB_CI": "true", "CI_JOB_TOKEN": "x"})


def test_all_faults_of_the_environment_are_told_at_once() -> None:
    wrong = {"KITCHEN_FORGE": "bitbucket", "KITCHEN_FORGE_URL": "http://forge.example.com", "KITCHEN_FORGE_PULL": "-1",
             "KITCHEN_FORGE_REPOSITORY": "../x", "KITCHEN_FORGE_COMMIT": "main",
             "KITCHEN_FORGE_TOKEN": f"{TOKEN} \n"[:-1] + "\u00e9"}  # fmt: skip
    with pytest.raises(FaultsError) as raised:
        place(wrong)
    said = str(raised.value)
    for name in wrong:
        assert f"{name}: " in said
    assert TOKEN not in said


@pytest.mark.parametrize(
    "url", ["http://git.example.com/api/v1", "https://a:b@git.example.com", "file:///etc", "https://x?a=b"]
)
def test_a_token_goes_to_https_or_loopback_alone(url: str) -> None:
    variables = {"KITCHEN_FORGE": "gitea", "KITCHEN_FORGE_TOKEN": TOKEN, "KITCHEN_FORGE_REPOSITORY": "ai/kitchen"}
    with pytest.raises(FaultsError, match="KITCHEN_FORGE_URL"):
        place(variables | {"KITCHEN_FORGE_URL": url})


def test_an_authority_that_is_none_is_told_by_the_name_of_its_variable(server: ForgeServer, tmp_path: Path) -> None:
    found = place(server.variables(KITCHEN_FORGE_CA=str(tmp_path / "none.pem")))
    assert found is not None
    with pytest.raises(FaultsError, match=r"KITCHEN_FORGE_CA: .*example: KITCHEN_FORGE_CA="):
        found.forge()


def test_what_pipelines_set_is_taken(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"head": {"sha": HEAD}}}))
    actions = {"GITHUB_ACTIONS": "true", "GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": "https://api.github.com",
               "GITHUB_REPOSITORY": "ai/kitchen", "GITHUB_REF": "refs/pull/12/merge", "GITHUB_SHA": MERGE,
               "GITHUB_EVENT_PATH": str(event)}  # fmt: skip
    found = place(actions)
    assert found is not None
    assert (found.kind, found.pull, found.commit) == ("github", 12, HEAD)
    found = place(actions | {"GITEA_ACTIONS": "true", "GITHUB_REF": "refs/heads/release", "GITHUB_EVENT_PATH": ""})
    assert found is not None
    assert (found.kind, found.pull, found.commit, found.branch) == ("gitea", None, MERGE, "release")
    lab = {"GITLAB_CI": "true", "KITCHEN_FORGE_TOKEN": TOKEN, "CI_API_V4_URL": "https://gitlab.example.com/api/v4",
           "CI_PROJECT_PATH": "ai/group/kitchen", "CI_MERGE_REQUEST_IID": "3", "CI_COMMIT_SHA": HEAD}  # fmt: skip
    found = place(lab)
    assert found is not None
    assert (found.kind, found.repository, found.pull, found.commit) == ("gitlab", "ai/group/kitchen", 3, HEAD)
    assert found.teller == ""
    merged = {"CI_COMMIT_SHA": MERGE, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD, "KITCHEN_FORGE_TELLER": "planner"}
    found = place(lab | merged)
    assert found is not None
    assert (found.commit, found.teller) == (HEAD, "planner")
