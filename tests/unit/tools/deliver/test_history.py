"""By which pull requests commits came in, and which plan was approved: a real repository and a forge's shapes."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.faults import FaultsError
from ops.forge.settings import place
from ops.forge.things import FAILURE, SUCCESS, Forge, Pull, Status
from ops.plan.report import DENIED
from ops.tell import statuses
from tests.support import told_reports
from tools.deliver.approved import Approval, confirmed, earlier, from_file, from_forge
from tools.deliver.errors import NotApprovedError
from tools.deliver.history import History, Landed

OWN = "kitchen-bot"


class Book:
    """A forge as far as a delivery reads it."""

    account = OWN
    longest = 1000

    def __init__(self) -> None:
        self.pulls: dict[str, list[Pull]] = {}
        self.said: dict[str, list[Status]] = {}

    def pulls_of(self, commit: str) -> list[Pull]:
        return self.pulls.get(commit, [])

    def statuses(self, commit: str) -> list[Status]:
        return self.said.get(commit, [])

    def approve(self, pull: Pull, digest: str, author: str = OWN, state: str = SUCCESS) -> None:
        status = Status(context="kitchen/plan (dev)", state=state, description=f"safe; plan {digest}", author=author)
        self.said.setdefault(pull.head, []).insert(0, status)

    def delivered(self, commit: str, author: str = OWN, state: str = SUCCESS) -> None:
        status = Status(context="kitchen/deliver (dev)", state=state, description="delivered", author=author)
        self.said.setdefault(commit, []).insert(0, status)


class Repo:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("first")

    def git(self, *words: str) -> str:
        identity = [*("-c", "user.name=a"), *("-c", "user.email=a@example.com"), *("-c", "commit.gpgsign=false")]
        done = subprocess.run(["git", *identity, *words], cwd=self.path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, word: str) -> str:
        (self.path / "file").write_text(word)
        self.git("add", "file")
        self.git("commit", "--quiet", "-m", word)
        return self.git("rev-parse", "HEAD")

    def merge(self, word: str) -> tuple[str, str]:
        """A branch with one commit, and the commit that merges it."""
        self.git("checkout", "--quiet", "-b", word)
        head = self.commit(word)
        self.git("checkout", "--quiet", "main")
        self.git("merge", "--quiet", "--no-ff", "-m", f"merge {word}", word)
        return head, self.git("rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


def pull(book: Book, number: int, head: str, *landed: str) -> Pull:
    made = Pull(number=number, head=head, branch="main", merged=True, landed=landed[-1:])
    for commit in landed:
        book.pulls.setdefault(commit, []).append(made)
    return made


def landed(repo: Repo, book: Any) -> list[Landed]:
    return list(History(repo.path).landed(book, "dev"))


def test_merges_squashes_and_rebases_lead_to_their_pull_requests(repo: Repo) -> None:
    book = Book()
    start = repo.git("rev-parse", "HEAD")
    head, merged = repo.merge("one")
    pull(book, 1, head, merged)
    squashed = repo.commit("two")
    pull(book, 2, "2" * 40, squashed)
    rebased = [repo.commit("three"), repo.commit("four")]
    pull(book, 3, "3" * 40, *rebased)
    direct = repo.commit("five")
    found = landed(repo, book)
    assert [(one.pull and one.pull.number, one.commit, one.before) for one in found[:4]] == [
        (None, direct, rebased[1]),
        (3, rebased[1], squashed),
        (2, squashed, merged),
        (1, merged, start),
    ]


def test_it_goes_back_to_what_our_own_account_calls_delivered(repo: Repo) -> None:
    book = Book()
    one, two, three = repo.commit("one"), repo.commit("two"), repo.commit("three")
    book.delivered(two, author="mallory")
    book.delivered(one)
    assert [entry.commit for entry in landed(repo, book)] == [three, two]
    book.delivered(two, state=FAILURE)
    assert len(landed(repo, book)) == 2
    book.delivered(two)
    assert [entry.commit for entry in landed(repo, book)] == [three]
    book.delivered(three)
    assert [entry.commit for entry in landed(repo, book)] == [three], "what is asked for is delivered again"


def test_an_open_pull_request_approves_nothing(repo: Repo) -> None:
    book = Book()
    commit = repo.commit("one")
    book.pulls[commit] = [Pull(number=4, head="4" * 40, branch="main", merged=False)]
    assert landed(repo, book)[0].pull is None


def test_a_pull_request_to_another_branch_approves_nothing(repo: Repo) -> None:
    book = Book()
    commit = repo.commit("one")
    book.pulls[commit] = [Pull(number=4, head="4" * 40, branch="mine", merged=True, landed=(commit,))]
    assert landed(repo, book)[0].pull is None
    history = History(repo.path)
    history.branch = "mine"
    assert next(history.landed(book, "dev")).pull is not None  # type: ignore[arg-type]  # what is asked of it is there


def test_of_several_pull_requests_the_one_that_says_so_counts(repo: Repo) -> None:
    book = Book()
    commit = repo.commit("one")
    book.pulls[commit] = [Pull(number=number, head=str(number) * 40, branch="main", merged=True) for number in (4, 5)]
    assert landed(repo, book)[0].pull is None
    pull(book, 6, "6" * 40, commit)
    found = landed(repo, book)[0].pull
    assert found is not None
    assert found.number == 6


def test_a_work_tree_that_is_no_commit_is_refused(repo: Repo) -> None:
    (repo.path / "more").write_text("x")
    with pytest.raises(FaultsError, match="must be a commit, with nothing in it changed or added"):
        History(repo.path).commit()


def test_a_shallow_clone_is_told(repo: Repo, tmp_path: Path) -> None:
    repo.commit("two")
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(tmp_path / "shallow"))
    with pytest.raises(FaultsError, match="fetch-depth: 0"):
        list(History(tmp_path / "shallow").landed(Book(), "dev"))  # type: ignore[arg-type]  # what is asked of it is there


def test_another_commit_is_planned_in_a_tree_of_its_own(repo: Repo, tmp_path: Path) -> None:
    first = repo.git("rev-parse", "HEAD")
    repo.commit("two")
    (repo.path / ".venv").mkdir()
    with History(repo.path).tree(first, tmp_path / "trees") as tree:
        assert (tree / "file").read_text() == "first"
        assert (tree / ".venv").resolve() == repo.path / ".venv"
    assert not tree.exists()
    assert len(repo.git("worktree", "list").splitlines()) == 1


def test_a_project_in_a_folder_is_planned_in_that_folder_of_the_tree(repo: Repo, tmp_path: Path) -> None:
    project = repo.path / " a b" / "kitchen"
    (project / ".venv").mkdir(parents=True)
    (project / "in").write_text("first")
    repo.git("add", "--all", "--", " a b")
    first = repo.commit("two")
    (project / "in").write_text("second")
    for commit, said in ((first, ["first"]), (f"{first}~1", [])):
        with History(project).tree(commit, tmp_path / "trees") as tree:
            assert [path.read_text() for path in tree.glob("in")] == said
            assert (tree / ".venv").resolve() == project / ".venv"
        assert list((tmp_path / "trees").iterdir()) == []


DIGEST = told_reports.digest("dev")


def test_the_approval_is_our_own_account_s_word_alone() -> None:
    book: Any = Book()
    one = Landed(commit="b" * 40, before="c" * 40, pull=Pull(number=7, head="a" * 40, branch="main", merged=True))
    with pytest.raises(NotApprovedError, match=r"has no status `kitchen/plan \(dev\)` of kitchen-bot"):
        from_forge(book, one, "dev")
    book.approve(one.pull, told_reports.digest("forged"), author="mallory")
    with pytest.raises(NotApprovedError, match="no status"):
        from_forge(book, one, "dev")
    book.approve(one.pull, DIGEST)
    book.approve(one.pull, told_reports.digest("forged"), author="mallory")
    assert from_forge(book, one, "dev").digest == DIGEST
    book.approve(one.pull, DIGEST, state=FAILURE)
    with pytest.raises(NotApprovedError, match="has the status failure"):
        from_forge(book, one, "dev")
    book.approve(one.pull, DIGEST, author="planner")
    assert from_forge(book, one, "dev", "planner").source == "pull request 7, told by planner"
    with pytest.raises(NotApprovedError, match=r"has no status `kitchen/plan \(dev\)` of another"):
        from_forge(book, one, "dev", "another")
    with pytest.raises(NotApprovedError, match="nobody has approved a plan of it"):
        from_forge(book, Landed(commit="b" * 40, before=None, pull=None), "dev")


def test_a_plan_that_is_another_one_now_is_told() -> None:
    here = told_reports.environment(changes=[told_reports.change(), told_reports.change("delete", name="b")])
    confirmed(Approval(digest=DIGEST, source="x"), here, "dev")
    other = told_reports.digest("other")
    with pytest.raises(NotApprovedError) as raised:
        confirmed(Approval(digest=other, source="pull request 7"), here, "dev")
    said = str(raised.value)
    for part in (
        other,
        DIGEST,
        "pull request 7",
        "would do now: delete InferenceService sales-dev/b",
        "nothing was applied",
    ):
        assert part in said
    before = [told_reports.change(), told_reports.change("create", name="c")]
    with pytest.raises(NotApprovedError) as raised:
        confirmed(Approval(digest=other, source="x", changes=before), here, "dev")
    assert "approved and not planned now: create InferenceService sales-dev/c" in str(raised.value)
    assert "planned now and not approved: delete InferenceService sales-dev/b" in str(raised.value)
    with pytest.raises(NotApprovedError, match="other values"):
        confirmed(Approval(digest=other, source="x", changes=here.changes), here, "dev")


def test_a_report_in_a_file_is_an_approval(tmp_path: Path) -> None:
    folder = told_reports.write(tmp_path, told_reports.environment(), told_reports.environment("prod", verdict=DENIED))
    found = from_file(folder / "report.json", "dev")
    assert (found.digest, found.base) == (DIGEST, "c" * 40)
    for stack, said in (("prod", "says: denied"), ("test", "says nothing of it")):
        with pytest.raises(NotApprovedError, match=said):
            from_file(folder / "report.json", stack)


@pytest.mark.parametrize("teller", ["", "planner"])
def test_earlier_plans_are_made_again_at_their_own_commits(teller: str, repo: Repo, tmp_path: Path) -> None:
    book: Any = Book()
    commits = [repo.commit(word) for word in ("one", "two", "three")]
    pulls = [pull(book, number, str(number) * 40, commit) for number, commit in enumerate(commits, 1)]
    for one, word in zip(pulls, ("one", "changed", "three"), strict=True):
        book.approve(one, told_reports.digest(word), author=teller or OWN)
    seen: list[tuple[str, str | None]] = []

    def plan(stack: str, project: Path, base: str | None) -> Any:
        word = (project / "file").read_text()
        seen.append((word, base))
        return told_reports.environment(digest=told_reports.digest(word), changes=[told_reports.change(name=word)])

    history = History(repo.path)
    rest = list(history.landed(book, "dev"))[1:]
    changes, why = earlier(book, history, rest, "dev", plan=plan, directory=tmp_path / "trees", teller=teller)
    assert [one["name"] for one in changes] == ["one"]
    assert seen == [("two", commits[0]), ("one", rest[1].before)]
    assert len(why) == 2, "the first commit came in by nobody's pull request, and two was planned otherwise"
    assert "the plan is not the one that was approved" in why[0]


def test_the_whole_way_through_a_forge(repo: Repo) -> None:
    from tests.support.forge_server import HEAD, ForgeServer

    commit = repo.commit("one")
    for kind in ("github", "gitlab", "gitea"):
        with ForgeServer(kind=kind, merged=True) as server:
            found = place(server.variables())
            assert found is not None
            forge: Forge = found.forge()
            statuses.put(forge, HEAD, [statuses.of_plan(told_reports.environment())])
            first = next(History(repo.path).landed(forge, "dev"))
            assert first.commit == commit
            assert from_forge(forge, first, "dev").digest == DIGEST
