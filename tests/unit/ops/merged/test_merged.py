"""`kitchen merged` in a real git repository: the time of the merge, and not that of the work on it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ops.__main__ import main
from tests.unit.support.exposition import samples
from tools.local.workspace import REPOSITORY

FILE = "Pulumi.prod.yaml"
TWO = "adapters: [helpdesk-faq/v2026-02-01, helpdesk-classifier/v2026-02-01]"
ONE = "adapters: [helpdesk-faq/v2026-02-01]"
NAME = "kitchen_merged_timestamp_seconds"


class Repo:
    """A repository with the production settings; each commit is a hundred seconds after the one before."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file, self._now = folder, folder / FILE, 1_700_000_000
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        shutil.copy(REPOSITORY / FILE, self.file)

    def git(self, *words: str) -> None:
        who = {f"GIT_{role}_{key}": "a@example.com" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
        when = {f"GIT_{role}_DATE": f"{self._now} +0000" for role in ("AUTHOR", "COMMITTER")}
        env = {**os.environ, **who, **when, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(["git", *words], cwd=self.folder, env=env, capture_output=True, check=True)

    def commit(self) -> int:
        self._now += 100
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")
        return self._now

    def merge(self, branch: str) -> int:
        self._now += 100
        self.git("merge", "--quiet", "--no-ff", "--message", "merge", branch)
        return self._now

    def replace(self, old: str, new: str) -> None:
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


def times(repo: Repo) -> dict[tuple[str, ...], float]:
    file = repo.folder.parent / "kitchen.prom"
    assert main(["merged", "--settings", str(repo.file), "--metrics", str(file)]) == 0
    return {
        (kitchen, f"{adapter}/{version}"): value for (_, adapter, _, kitchen, version), value in samples(file).items()
    }


def test_a_version_has_the_time_of_the_merge_that_brought_it(repo: Repo) -> None:
    repo.replace(TWO, ONE)
    first = repo.commit()
    repo.git("checkout", "--quiet", "-b", "work")
    repo.replace(ONE, TWO)
    worked = repo.commit()
    repo.git("checkout", "--quiet", "main")
    merged = repo.merge("work")
    found = times(repo)
    assert found["support", "helpdesk-faq/v2026-02-01"] == first
    assert found["support", "helpdesk-classifier/v2026-02-01"] == merged > worked


def test_what_was_taken_back_begins_anew(repo: Repo) -> None:
    for text in ((TWO, TWO), (TWO, ONE), (ONE, TWO)):
        repo.replace(*text)
        (repo.folder / "notes").write_text(repr(text))
        last = repo.commit()
    assert times(repo)["support", "helpdesk-classifier/v2026-02-01"] == last
    repo.file.write_text("{")
    repo.commit()
    repo.git("checkout", "--quiet", "HEAD~1", "--", FILE)
    repo.commit()
    assert times(repo)["support", "helpdesk-classifier/v2026-02-01"] == last, "a broken file changed nothing"


def test_a_clone_without_its_history_says_so(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.commit()
    (repo.folder / "notes").write_text("x")
    repo.commit()
    shallow = repo.folder.parent / "shallow"
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.folder}", str(shallow))
    repo.folder, repo.file = shallow, shallow / FILE
    assert times(repo) == {}
    assert "support  helpdesk-faq/v2026-02-01  not known: older than this clone's history" in capsys.readouterr().out


def test_a_file_in_no_repository_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(REPOSITORY / FILE, tmp_path / FILE)
    assert main(["merged", "--settings", str(tmp_path / FILE)]) == 2
    assert "merged: 1 fault" in capsys.readouterr().err


def test_what_is_committed_and_names_no_version_has_no_number(repo: Repo) -> None:
    repo.replace(TWO, "adapters: [helpdesk-faq]")
    repo.commit()
    repo.replace("adapters: [helpdesk-faq]", ONE)
    assert not [kitchen for kitchen, _ in times(repo) if kitchen == "support"]


def test_settings_that_nobody_has_committed_are_told(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.git("commit", "--quiet", "--allow-empty", "--message", "x")
    assert main(["merged", "--settings", str(repo.file)]) == 0
    assert "prod: the last commit of these settings declares no adapter" in capsys.readouterr().out
