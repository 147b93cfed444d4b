"""`kitchen tell plan`: one comment that is ours, a status an environment, and what is never done."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main
from ops.plan.report import DENIED, NEEDS_APPROVAL
from ops.tell import body, statuses
from ops.tell.comment import MARK
from tests.support import told_reports
from tests.support.forge_server import HEAD, OTHER, OWN, TOKEN, ForgeServer

HERE = f"<!-- {MARK} -->\n"


@pytest.fixture(autouse=True)
def nothing_of_a_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITEA_ACTIONS", "GITLAB_CI", "GITHUB_SHA", "CI_COMMIT_SHA", "CI_JOB_URL",
                 "CI_JOB_TOKEN", "GITHUB_TOKEN", "KITCHEN_FORGE_TOKEN"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=["github", "gitlab", "gitea"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ForgeServer]:
    with ForgeServer(kind=request.param) as made:
        for name, value in made.variables().items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return told_reports.write(tmp_path / "plan", told_reports.environment(), text="# Plan\n\nfirst\n")


def tell(folder: Path) -> int:
    return main(["tell", "plan", "--from", str(folder)])


def test_one_comment_is_made_and_then_edited(server: ForgeServer, folder: Path, capsys: Any) -> None:
    assert tell(folder) == 0
    assert server.texts() == [f"{HERE}# Plan\n\nfirst\n"]
    assert tell(folder) == 0
    (folder / "report.md").write_text("# Plan\n\nsecond\n")
    assert tell(folder) == 0
    assert server.texts() == [f"{HERE}# Plan\n\nsecond\n"]
    said = capsys.readouterr().out
    assert [word in said for word in ("comment made", "comment up to date", "comment edited")] == [True] * 3


def test_a_comment_of_another_with_our_mark_is_neither_edited_nor_trusted(server: ForgeServer, folder: Path) -> None:
    server.add_comment(OTHER, f"{HERE}# Plan\n\nnothing to see\n")
    assert tell(folder) == 0
    assert server.texts(OTHER) == [f"{HERE}# Plan\n\nnothing to see\n"]
    assert server.texts() == [f"{HERE}# Plan\n\nfirst\n"]


def test_a_comment_of_ours_that_quotes_the_mark_is_left_alone(server: ForgeServer, folder: Path) -> None:
    server.add_comment(OWN, f"> {HERE}a word on it")
    assert tell(folder) == 0
    assert len(server.texts()) == 2


def test_of_two_comments_of_ours_the_newest_stays(server: ForgeServer, folder: Path, capsys: Any) -> None:
    for word in ("a", "b", "c"):
        server.add_comment(OWN, f"{HERE}{word}")
    server.add_comment(OTHER, "between")
    newest = server.comments[-2]["id"]
    assert tell(folder) == 0
    assert [entry["id"] for entry in server.comments if "mallory" not in str(entry)] == [newest]
    assert "comment edited, 2 older removed" in capsys.readouterr().out


def test_a_comment_whose_making_got_no_answer_is_not_made_twice(server: ForgeServer, folder: Path) -> None:
    def lost(method: str, path: str, sent: Any) -> Any:
        if method == "POST" and path.endswith(("/comments", "/notes")) and not server.texts():
            server.add_comment(OWN, sent["body"])
            return 502, {"message": "bad gateway"}, {}
        return None

    server.hook = lost
    assert tell(folder) == 0
    assert len(server.texts()) == 1


def test_each_environment_has_a_status_with_its_digest(server: ForgeServer, tmp_path: Path) -> None:
    changes = [told_reports.change(), told_reports.change("create", name="other")]
    dev = told_reports.environment(changes=changes)
    prod = told_reports.environment("prod", verdict=NEEDS_APPROVAL, approvals=["platform-team", "x" * 200])
    bad = told_reports.environment("test", verdict=DENIED, digest="")
    assert tell(told_reports.write(tmp_path / "plan", dev, prod, bad)) == 0
    forge = statuses_of(server)
    assert (forge["kitchen/plan (dev)"].state, forge["kitchen/plan (dev)"].description) == (
        "success",
        f"safe: 1 create, 1 update; plan {dev.digest}",
    )
    told = forge["kitchen/plan (prod)"]
    assert (told.state, statuses.digest_in(told), len(told.description)) == ("success", prod.digest, 140)
    assert (forge["kitchen/plan (test)"].state, statuses.digest_in(forge["kitchen/plan (test)"])) == ("failure", None)


def statuses_of(server: ForgeServer) -> Any:
    from ops.forge.settings import place

    found = place(server.variables())
    assert found is not None
    return statuses.own(found.forge(), HEAD)


def test_a_status_of_another_account_is_not_read(server: ForgeServer, folder: Path) -> None:
    assert tell(folder) == 0
    server.add_status(OTHER, "kitchen/plan (dev)", "success", f"safe; plan {told_reports.digest('forged')}")
    assert statuses.digest_in(statuses_of(server)["kitchen/plan (dev)"]) == told_reports.digest("dev")


def test_a_pull_request_that_has_moved_on_is_told_nothing(server: ForgeServer, folder: Path, capsys: Any) -> None:
    server.head = "d" * 40
    assert tell(folder) == 0
    assert "has a newer commit, dddddddddddd: nothing told" in capsys.readouterr().out
    assert (server.comments, server.statuses) == ([], [])


def test_a_plan_of_another_commit_is_refused(
    server: ForgeServer, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    for commit in ("e" * 40, None):
        folder = told_reports.write(tmp_path / "plan", told_reports.environment(), commit=commit)
        assert tell(folder) == 2
        assert f"must be a plan of commit {HEAD}" in capsys.readouterr().err
    assert server.asked == []
    monkeypatch.setenv("GITHUB_SHA", "e" * 40)
    assert tell(told_reports.write(tmp_path / "plan", told_reports.environment(), commit="e" * 40)) == 0


def test_without_a_token_the_report_stays_where_it_is(folder: Path, capsys: Any) -> None:
    assert tell(folder) == 0
    assert f"no token: KITCHEN_FORGE_TOKEN is not set, as in a run for a fork: the report is in {folder}" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(("source", "ends"), [("mallory/kitchen", 0), ("ai/kitchen", 1)])
def test_a_fork_s_token_that_may_read_alone_is_no_failure(
    source: str, ends: int, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    repositories = {"head": {"sha": HEAD, "repo": {"full_name": source}}, "base": {"repo": {"full_name": "ai/kitchen"}}}
    (folder / "event.json").write_text(json.dumps({"pull_request": repositories}))
    with ForgeServer(kind="github") as server:
        server.hook = lambda method, *_: (403, {"message": "Resource not accessible"}, {}) if method == "POST" else None
        for name, value in server.variables(GITHUB_EVENT_PATH=str(folder / "event.json")).items():
            monkeypatch.setenv(name, value)
        assert tell(folder) == ends
    assert ("no right to tell, as in a run for a fork" in capsys.readouterr().out) == (ends == 0)


def test_where_no_plan_was_made_a_pipeline_tells_nothing_and_a_person_is_told(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitLab runs the job whatever became of the one before; GitHub and Tekton leave it out."""
    words = ["tell", "plan", "--from", str(tmp_path / "none")]
    assert main(words) == 2
    assert "report.json" in capsys.readouterr().err
    monkeypatch.setenv("GITLAB_CI", "true")
    assert main(words) == 0
    assert "no plan was made, so that nothing is told" in capsys.readouterr().out
    (tmp_path / "none").mkdir()
    assert main(words) == 2


def test_a_report_that_is_none_is_one_message(tmp_path: Path, capsys: Any) -> None:
    assert tell(tmp_path) == 2
    (tmp_path / "report.json").write_text("[]")
    assert tell(tmp_path) == 2
    told_reports.write(tmp_path, told_reports.environment())
    (tmp_path / "report.md").unlink()
    assert tell(tmp_path) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_token_is_no_argument(capsys: Any) -> None:
    with pytest.raises(SystemExit):
        main(["tell", "plan", "--token", TOKEN])
    assert TOKEN not in capsys.readouterr().err


def test_a_refusal_is_one_line_without_the_token(server: ForgeServer, folder: Path, capsys: Any) -> None:
    server.hook = lambda *_: (401, {"message": f"bad {TOKEN}"}, {})
    assert tell(folder) == 1
    told = capsys.readouterr()
    assert "KITCHEN_FORGE_TOKEN has ended" in told.err
    assert TOKEN not in told.err + told.out


def test_what_is_too_long_is_cut_at_the_details() -> None:
    parts = [f"<details>\n<summary>part {n}</summary>\n\n{'x' * 900}\n</details>\n" for n in range(10)]
    text = "# Plan\n\nverdict\n\n" + "".join(parts)
    short = body.marked("m", text, 5000, "the rest is there")
    assert body.length(short) <= 5000
    assert short.count("<details>") == short.count("</details>") == 5
    assert "part 4" in short
    assert "part 5" not in short
    assert short.rstrip().endswith("(5 parts are left out here: the rest is there)")


def test_what_is_too_long_without_details_ends_at_a_line() -> None:
    text = "# Plan\n\n```text\n" + "\U0001f35c" * 10 + "\n" + "line\n" * 2000
    short = body.marked("m", text, 1000, "the rest is there")
    assert body.length(short) <= 1000
    assert short.rstrip().endswith("line\n```\n\n(cut here: the rest is there)")
    assert body.marked("m", "short\n", 1000, "x") == "<!-- m -->\nshort\n"


@pytest.mark.parametrize(
    "text",
    ["/merge", "a\n/merge", "a\r/merge", "a\r\n/merge", "- /merge", "  - /merge", "> /merge", ">/merge", "> - /merge",
     "1. /merge", "\t/merge", "</details>\n\n/merge now", "* /merge", "/merge\n" * 9],
)  # fmt: skip
def test_no_line_that_is_posted_is_a_command(text: str) -> None:
    """Also of a report that somebody else has written."""
    posted = body.marked(MARK, text, 1000, "whole")
    assert not re.search(r"(^|[\r\n])[\s>*+-]*([0-9]+[.)]\s*)?/", posted)
    assert posted.replace("\\/", "/") == f"{HERE}{text}"
    assert body.marked(MARK, posted, 1000, "whole") == posted


def test_paths_and_what_stands_in_a_line_stay() -> None:
    for text in ("a / b", "see docs/plan.md", "a\\n/x", "`/v1/models`", "-/x"):
        assert body.marked(MARK, text, 1000, "whole") == f"{HERE}{text}"
