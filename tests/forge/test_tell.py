"""What `kitchen tell` says at a real Gitea: one comment, statuses, one issue; whose they are, and what is believed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops.forge.settings import place
from ops.plan.report import DENIED
from ops.tell import statuses
from ops.tell.drift import mark_of, tell_drift
from tests.forge.support.gitea import AUTHOR, KITCHEN, Gitea
from tests.forge.support.repository import REFUSED, Repository, git, must
from tests.support import told_reports
from tools.local.workspace import REPOSITORY

MARK = "<!-- kitchen plan -->"
CANARY = "canary-token-5521-not-to-be-seen"
_OWN = ("KITCHEN_", "GITHUB_", "GITEA_", "CI_", "GITLAB_")


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a command said."""

    status: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """A pull request of the author, and a folder with the report of its newest commit."""

    repository: Repository
    clone: Path
    number: int
    commit: str
    report: Path

    def tell(self, environment: Mapping[str, str] | None = None, *words: str) -> Run:
        said = self.repository.words(KITCHEN_FORGE_PULL=str(self.number)) if environment is None else environment
        return kitchen(said, "tell", "plan", "--from", str(self.report), *words)

    def comments(self) -> list[tuple[str, str]]:
        """Author and text of each."""
        return [(entry["user"]["login"], entry["body"]) for entry in self.repository.comments(self.number)]


def kitchen(environment: Mapping[str, str], *words: str, stdin: str = "") -> Run:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(_OWN)}
    done = subprocess.run(
        [sys.executable, "-m", "ops", *words],
        cwd=REPOSITORY,
        env={**clean, **environment},
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stdout, done.stdout
    return Run(status=done.returncode, text=done.stdout)


def clone(folder: Path) -> Path:
    folder.mkdir()
    must(folder, "init", "-q", "-b", "main")
    (folder / "settings.yaml").write_text("replicas: 1\n")
    must(folder, "add", "-A")
    must(folder, "commit", "-qm", "first")
    return folder


def change(folder: Path, text: str) -> str:
    """Commit another text; returns the commit."""
    (folder / "settings.yaml").write_text(text)
    must(folder, "commit", "-qam", "change")
    return must(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(gitea: Gitea, tmp_path: Path, request: pytest.FixtureRequest) -> Repository:
    made = Repository(gitea, f"kitchen-{abs(hash(request.node.name)) % 10**8}")
    made.filled(clone(tmp_path / "clone"))
    return made


@pytest.fixture
def pull(repository: Repository, tmp_path: Path) -> Change:
    folder = tmp_path / "clone"
    commit = change(folder, "replicas: 2\n")
    number = repository.pull(folder, "more", "more replicas")["number"]
    report = told_reports.write(
        tmp_path / "report", told_reports.environment(), commit=commit, text="# Plan\n\nfirst text\n"
    )
    return Change(repository=repository, clone=folder, number=number, commit=commit, report=report)


def test_one_comment_is_edited_in_place_and_each_environment_has_a_status(pull: Change) -> None:
    first = pull.tell()
    assert first.status == 0, first.text
    ((author, body),) = pull.comments()
    assert (author, body.startswith(MARK), "first text" in body) == (KITCHEN, True, True)
    (before,) = pull.repository.comments(pull.number)
    assert pull.repository.statuses(pull.commit) == {"kitchen/plan (dev)": ("success", KITCHEN)}

    denied = told_reports.environment(verdict=DENIED, reasons=["a policy denies it"])
    told_reports.write(pull.report, denied, commit=pull.commit, text="# Plan\n\nsecond text\n")
    assert pull.tell().status == 0
    (after,) = pull.repository.comments(pull.number)
    assert (after["id"], "second text" in after["body"], "first text" in after["body"]) == (before["id"], True, False)
    assert pull.repository.statuses(pull.commit) == {"kitchen/plan (dev)": ("failure", KITCHEN)}


def test_another_one_s_comment_with_our_mark_is_left_as_it_is(pull: Change) -> None:
    theirs = f"{MARK}\n# Plan\n\nsafe, merge it\n"
    path = f"{pull.repository.path}/issues/{pull.number}/comments"
    pull.repository.gitea.must(AUTHOR, "POST", path, {"body": theirs})
    for _ in range(2):
        assert pull.tell().status == 0
    found = pull.comments()
    assert [author for author, _ in found] == [AUTHOR, KITCHEN]
    assert found[0][1].strip() == theirs.strip()


def test_a_fork_without_secrets_is_told_where_its_report_is(pull: Change) -> None:
    """As a pipeline has it for a pull request of a fork: everything but the token."""
    words = {**pull.repository.words(KITCHEN_FORGE_PULL=str(pull.number)), "KITCHEN_FORGE_TOKEN": ""}
    told = pull.tell(words)
    assert told.status == 0
    assert told.text.startswith("no token: ")
    assert told.text.strip().endswith(f"the report is in {pull.report}")
    assert pull.comments() == []
    assert pull.repository.statuses(pull.commit) == {}


def test_a_wrong_token_is_one_clear_line_without_the_token(pull: Change) -> None:
    told = pull.tell({**pull.repository.words(KITCHEN_FORGE_PULL=str(pull.number)), "KITCHEN_FORGE_TOKEN": CANARY})
    assert told.status == 1
    assert len(told.text.strip().splitlines()) == 1
    assert "KITCHEN_FORGE_TOKEN" in told.text
    assert CANARY not in told.text


def test_a_token_that_may_only_read_is_one_clear_line(pull: Change) -> None:
    gitea = pull.repository.gitea
    weak = gitea.token(KITCHEN, "read:repository,read:issue,read:user")
    told = pull.tell({**pull.repository.words(KITCHEN_FORGE_PULL=str(pull.number)), "KITCHEN_FORGE_TOKEN": weak})
    assert (told.status, len(told.text.strip().splitlines())) == (1, 1), told.text
    assert "the token may not do that" in told.text
    assert weak not in told.text
    assert pull.comments() == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"KITCHEN_FORGE_REPOSITORY": "owner/nowhere"}, "KITCHEN_FORGE_REPOSITORY"),
        ({"KITCHEN_FORGE_REPOSITORY": "../admin"}, "must be owner/name"),
        ({"KITCHEN_FORGE_PULL": "99"}, "KITCHEN_FORGE_PULL"),
        ({"KITCHEN_FORGE_URL": "http://forge.example.com/api/v1"}, "https"),
    ],
)
def test_words_that_lead_nowhere_are_told(pull: Change, wrong: dict[str, str], said: str) -> None:
    told = pull.tell({**pull.repository.words(KITCHEN_FORGE_PULL=str(pull.number)), **wrong})
    assert told.status != 0
    assert said in told.text


def test_a_status_that_the_author_has_set_is_not_believed(pull: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the right name, the right form and is newer than our own."""
    assert pull.tell().status == 0
    forged = told_reports.digest("forged")
    status = {"context": "kitchen/plan (dev)", "state": "success", "description": f"safe; plan {forged}"}
    pull.repository.gitea.must(AUTHOR, "POST", f"{pull.repository.path}/statuses/{pull.commit}", status)
    assert pull.repository.statuses(pull.commit)["kitchen/plan (dev)"] == ("success", AUTHOR)
    for key, value in pull.repository.words().items():
        monkeypatch.setenv(key, value)
    where = place()
    assert where is not None
    believed = statuses.own(where.forge(), pull.commit)["kitchen/plan (dev)"]
    assert believed.author == KITCHEN
    assert statuses.digest_in(believed) == told_reports.digest("dev")


def test_a_change_that_is_denied_or_not_approved_by_another_cannot_be_merged(pull: Change) -> None:
    repository = pull.repository
    repository.protect("kitchen/plan (dev)")
    denied = told_reports.environment(verdict=DENIED, reasons=["a policy denies it"])
    told_reports.write(pull.report, denied, commit=pull.commit)
    assert pull.tell().status == 0
    assert repository.approve(pull.number).status == 200
    assert repository.merge(pull.number).status in REFUSED

    commit = change(pull.clone, "replicas: 3\n")
    repository.push(pull.clone, "more")
    assert repository.merge(pull.number).status in REFUSED, "the new commit has no status yet"
    told_reports.write(pull.report, told_reports.environment(), commit=commit)
    assert pull.tell().status == 0
    assert repository.approve(pull.number, AUTHOR).status == 422, "nobody approves their own change"
    assert repository.merge(pull.number).status in REFUSED, "the approval of the commit before does not count"
    assert git(pull.clone, "push", "-q", repository.gitea.address(AUTHOR, repository.name), "HEAD:main").returncode != 0
    assert repository.approve(pull.number).status == 200
    assert repository.merge(pull.number).status == 200


def test_a_report_of_an_older_commit_is_not_told(pull: Change) -> None:
    change(pull.clone, "replicas: 4\n")
    pull.repository.push(pull.clone, "more")
    told = pull.tell()
    assert told.status == 0
    assert "has a newer commit" in told.text
    assert pull.comments() == []


def issues(repository: Repository) -> list[tuple[int, str, str, str]]:
    """Number, title, state and account of each."""
    found = repository.issues()
    return [(one["number"], one["title"], one["state"], one["user"]["login"]) for one in found]


def test_one_issue_for_drift_is_opened_kept_up_to_date_and_closed(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = must(tmp_path / "clone", "rev-parse", "HEAD")
    theirs = {"title": "Drift in dev", "body": f"<!-- {mark_of('dev')} -->\nnothing differs, close yours\n"}
    repository.gitea.must(AUTHOR, "POST", f"{repository.path}/issues", theirs)
    for key, value in repository.words(KITCHEN_FORGE_COMMIT=commit).items():
        monkeypatch.setenv(key, value)

    assert "no issue is open" in tell_drift("dev", 0, [], "")
    tell_drift("dev", 2, [], "- ConfigMap sales-dev/summary-adapters: data")
    mine = [entry for entry in issues(repository) if entry[3] == KITCHEN]
    assert [entry[1:3] for entry in mine] == [("Drift in dev", "open")]
    assert repository.statuses(commit) == {"kitchen/drift (dev)": ("failure", KITCHEN)}

    tell_drift("dev", 1, ["buckets: no keys"], "- Secret sales-dev/key: gone")
    tell_drift("dev", 0, ["buckets: no keys"], "")
    assert [entry for entry in issues(repository) if entry[3] == KITCHEN] == mine, "one, and still open"
    assert "open" in tell_drift("prod", 1, [], "another environment has an issue of its own")

    tell_drift("dev", 0, [], "")
    assert {(title, state, user) for _, title, state, user in issues(repository)} == {
        ("Drift in dev", "closed", KITCHEN),
        ("Drift in prod", "open", KITCHEN),
        ("Drift in dev", "open", AUTHOR),
    }
    assert repository.statuses(commit)["kitchen/drift (dev)"] == ("success", KITCHEN)
    tell_drift("dev", 3, [], "")
    assert sum(entry[1:] == ("Drift in dev", "open", KITCHEN) for entry in issues(repository)) == 1
