"""What Git says of the base, and that options cannot be smuggled in as revisions."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from infra.faults import FaultsError
from tests.unit.tools.plan.repository import Repository
from tools.plan.git import PROGRAM, Git


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name in ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"):
        monkeypatch.delenv(name, raising=False)
    return Repository(tmp_path)


def test_the_base_is_where_the_branch_left_main(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "change")
    head = repository.commit("infra/a.py", "2")
    repository.git("checkout", "--quiet", "main")
    repository.commit("infra/b.py", "3")
    repository.git("checkout", "--quiet", "change")
    git = Git(repository.folder)
    assert git.base(None) == repository.first
    assert git.base("main") == repository.first
    assert git.base("HEAD") == head
    assert git.head() == head


def test_a_pipeline_names_the_target_branch(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.git("checkout", "--quiet", "-b", "release")
    release = repository.commit("infra/a.py", "2")
    repository.git("checkout", "--quiet", "-b", "change")
    repository.commit("infra/a.py", "3")
    monkeypatch.setenv("GITHUB_BASE_REF", "release")
    assert Git(repository.folder).base(None) == release


@pytest.mark.parametrize("name", ["release", "--output=x"])
def test_a_branch_that_a_pipeline_names_and_has_not_fetched_is_told(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Another base in its place would be compared with, and nobody would see it."""
    monkeypatch.setenv("GITHUB_BASE_REF", name)
    with pytest.raises(FaultsError, match=r"GITHUB_BASE_REF.*fetch-depth: 0"):
        Git(repository.folder).base(None)
    assert Git(repository.folder).base("main") == repository.first


def test_a_shallow_clone_without_the_target_branch_says_how_to_get_it(repository: Repository, tmp_path: Path) -> None:
    """Compared with nothing, every change would be told as new."""
    repository.git("checkout", "--quiet", "-b", "change")
    repository.commit("infra/a.py", "2")
    shallow = tmp_path / "shallow"
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.folder}", str(shallow))
    with pytest.raises(FaultsError, match=r"main.*fetch-depth: 0.*git fetch --unshallow origin main") as told:
        Git(shallow).base(None)
    subprocess.run(shlex.split(str(told.value).rpartition("example: ")[2]), cwd=shallow, check=True)
    assert Git(shallow).base(None) == repository.first


def test_a_tag_with_a_branchs_name_is_no_base(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who pushes a tag could else have any change compared with itself."""
    repository.git("checkout", "--quiet", "-b", "change")
    repository.commit("infra/a.py", "2")
    repository.git("update-ref", "refs/remotes/origin/main", repository.first)
    for name in ("origin/main", "main"):
        repository.git("tag", name)
    git = Git(repository.folder)
    assert git.base(None) == repository.first
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    assert git.base(None) == repository.first
    with pytest.raises(FaultsError, match="refs/tags/origin/main and refs/remotes/origin/main"):
        git.base("origin/main")
    assert git.base("refs/remotes/origin/main") == repository.first
    repository.git("tag", "--force", "main", repository.first)
    assert git.base("main") == repository.first, "two names of one commit"


def test_what_git_ignores_counts_where_the_program_may_read_it(repository: Repository) -> None:
    git = Git(repository.folder)
    first = repository.commit(".gitignore", "__pycache__/\nPulumi.mine.yaml\nlocal_*\nreports/\n")
    for name in ("infra/__pycache__/a.cpython-311.pyc", "reports/x.json"):
        (repository.folder / name).parent.mkdir()
        (repository.folder / name).write_text("x")
    assert not git.differs(first, "mine")
    (repository.folder / "Pulumi.mine.yaml").write_text("x")
    assert (git.differs(first, "mine"), git.differs(first, "dev")) == (True, False)
    (repository.folder / "infra" / "local_a.py").write_text("x")
    assert git.differs(first, "dev")


def test_what_somebody_has_compiled_and_put_into_git_counts(repository: Repository) -> None:
    (repository.folder / "infra" / "__pycache__").mkdir()
    repository.commit("infra/__pycache__/a.cpython-311.pyc", "x")
    assert Git(repository.folder).differs(repository.first, "dev")


@pytest.mark.parametrize("name", ["nothing", "--output=/tmp/x", "-h", "HEAD~5", ""])
def test_a_base_that_is_none_is_one_message(repository: Repository, name: str) -> None:
    with pytest.raises(FaultsError, match="--base"):
        Git(repository.folder).base(name)


def test_without_a_branch_to_compare_with_there_is_no_base(repository: Repository) -> None:
    repository.git("branch", "-m", "other")
    assert Git(repository.folder).base(None) is None


def test_only_what_a_stack_comes_from_counts(repository: Repository) -> None:
    git = Git(repository.folder)
    assert not git.differs(repository.first, "dev")
    (repository.folder / "docs" / "a.md").write_text("x")
    (repository.folder / "Pulumi.prod.yaml").write_text("x")
    assert not git.differs(repository.first, "dev")
    assert git.differs(repository.first, "prod")
    (repository.folder / "infra" / "new.py").write_text("x")
    assert git.differs(repository.first, "dev")
    assert git.head() is None
    (repository.folder / "infra" / "new.py").unlink()
    (repository.folder / "infra" / "a.py").write_text("changed")
    assert git.differs(repository.first, "dev")


def test_files_of_the_program_that_differ_are_named_with_their_sums(repository: Repository) -> None:
    git = Git(repository.folder)
    assert git.changed(repository.first) == {}
    for name in ("docs/a.md", "Pulumi.dev.yaml"):
        repository.commit(name, "x")
    (repository.folder / "infra" / "catalog").mkdir()
    repository.commit("infra/catalog/adapters.yaml", "its entries are compared one by one")
    assert git.changed(repository.first) == {}
    repository.commit("infra/catalog/serves.yaml", "x")
    (repository.folder / "policies").mkdir()
    (repository.folder / "policies" / "a b.py").write_text("x")
    (repository.folder / "policies" / "link").symlink_to("nowhere")
    (repository.folder / "requirements.lock").write_text("y")
    (repository.folder / "infra" / "a.py").unlink()
    found = git.changed(repository.first)
    assert list(found) == [
        "infra/a.py", "infra/catalog/serves.yaml", "policies/a b.py", "policies/link", "requirements.lock"
    ]  # fmt: skip
    assert found["infra/a.py"] == ""
    assert found["policies/a b.py"] == found["infra/catalog/serves.yaml"] != found["requirements.lock"]
    assert git.differs(repository.first, "dev")


def test_code_that_delivers_is_named_and_needs_no_other_preview(repository: Repository) -> None:
    git = Git(repository.folder)
    names = [".github/workflows/merge.yaml", "Makefile", "tools/deliver/gate.py"]
    for name in ("tests/test_a.py", "README.md", *names):
        (repository.folder / name).parent.mkdir(parents=True, exist_ok=True)
        repository.commit(name, "x")
    assert list(git.changed(repository.first)) == names
    assert not git.differs(repository.first, "dev")
    one = git.program_sum(repository.first, "dev")
    assert git.program_sum(repository.git("rev-parse", "HEAD"), "dev") == one
    last = repository.commit("what is this", "x")
    assert list(git.changed(repository.first)) == [*names, "what is this"]
    assert git.differs(repository.first, "dev"), "Python may find it before its own modules"
    assert git.program_sum(last, "dev") != one
    assert git.program(last) == [*PROGRAM, "what is this"]


def test_a_sum_is_of_mode_and_content(repository: Repository) -> None:
    git, file = Git(repository.folder), repository.folder / "Makefile"
    found = []
    for make in (lambda: file.write_text("b"), lambda: file.chmod(0o755), lambda: (file.unlink(), file.symlink_to("b")),
                 file.unlink):  # fmt: skip
        make()
        before = git.changed(repository.first)
        repository.git("add", "--all")
        repository.git("commit", "--quiet", "--allow-empty", "--message=x")
        assert git.changed(repository.first) == before, "the same with and without a commit"
        found.append(before.get("Makefile"))
    assert len(set(found)) == len(found) == 4
    assert found[-1] is None, "it was not there before"


def test_a_merge_has_the_sums_of_its_pull_request(repository: Repository) -> None:
    """So that a delivery finds the digest that was approved, whatever else came to the branch and decides nothing."""
    repository.git("checkout", "--quiet", "-b", "change")
    repository.commit("Makefile", "2")
    repository.commit("docs/a.md", "2")
    told = Git(repository.folder).changed(repository.first)
    repository.git("checkout", "--quiet", "main")
    before = repository.commit("README.md", "3")
    repository.git("merge", "--quiet", "--no-ff", "--message=x", "change")
    assert Git(repository.folder).changed(before) == told == {"Makefile": told["Makefile"]}


def test_names_of_any_bytes_have_sums(repository: Repository) -> None:
    (repository.folder / "tools").mkdir()
    path = Path(os.fsdecode(os.fsencode(repository.folder) + b"/tools/\xff \n.py"))
    found = []
    for text in ("1", "2"):
        path.write_text(text)
        repository.git("add", "--all")
        (sum_,) = Git(repository.folder).changed(repository.first).values()
        found.append(sum_)
    assert "" not in found
    assert found[0] != found[1]


def test_a_repository_in_the_repository_is_seen_whatever_it_says(repository: Repository) -> None:
    """A change could otherwise tell Git not to look at it."""
    inner = repository.folder / "infra" / "part"
    inner.mkdir()
    other = Repository(inner)
    (repository.folder / ".gitmodules").write_text(
        '[submodule "infra/part"]\n\tpath = infra/part\n\turl = x\n\tignore = all\n'
    )
    repository.git("add", "--all", "--force")
    repository.git("commit", "--quiet", "--message=x")
    base = repository.git("rev-parse", "HEAD")
    found = []
    for text in ("2", "3"):
        other.commit("infra/a.py", text)
        repository.git("update-index", "--cacheinfo", f"160000,{other.git('rev-parse', 'HEAD')},infra/part")
        repository.git("commit", "--quiet", "--message=x")
        found.append(Git(repository.folder).changed(base))
        assert Git(repository.folder).differs(base, "dev")
    assert list(found[0]) == list(found[1]) == ["infra/part"]
    assert found[0] != found[1]


def test_what_plans_keep_must_not_be_in_git(repository: Repository) -> None:
    git, kept = Git(repository.folder), repository.folder / ".kitchen" / "plan"
    assert not git.holds(kept)
    (kept / "cache").mkdir(parents=True)
    repository.commit(".kitchen/plan/cache/dev-0.json", "{}")
    assert git.holds(kept)
    assert not git.holds(repository.folder.parent / "elsewhere")
    assert not git.holds(repository.folder / ".kitchen" / "planned")


def test_nor_behind_a_link_that_git_holds(repository: Repository) -> None:
    (repository.folder / ".kitchen").symlink_to("docs")
    assert not Git(repository.folder).holds(repository.folder / ".kitchen" / "plan")
    repository.commit("docs/a.md", "x")
    assert Git(repository.folder).holds(repository.folder / ".kitchen" / "plan")


def test_sums_go_by_content(repository: Repository) -> None:
    git = Git(repository.folder)
    same = repository.commit("docs/a.md", "x")
    other = repository.commit("infra/a.py", "2")
    assert git.program_sum(repository.first, "dev") == git.program_sum(same, "dev") != git.program_sum(other, "dev")


def test_a_repository_that_git_refuses_is_told(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user is not that of the files: nothing to compare with would be no more than a line."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(FaultsError, match=r"dubious ownership.*safe\.directory"):
        Git(repository.folder).base(None)


def test_a_folder_in_no_repository_has_no_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert Git(tmp_path).base(None) is None
    assert Git(tmp_path).head() is None


def test_of_what_lies_above_the_folder_the_forges_own_files_are_told(repository: Repository) -> None:
    """What delivers a project is at the top of its repository, where the project is a folder of one."""
    top = repository.folder
    for name in (".github/workflows", "kitchen/infra", "docs", "kitchen/.github"):
        (top / name).mkdir(parents=True, exist_ok=True)
    for name in (".github/workflows/a.yaml", "kitchen/infra/a.py", "kitchen/.github/a.yaml", "CODEOWNERS", "x.py"):
        (top / name).write_text("1")
    first = repository.commit("docs/a.md", "1")
    git = Git(top / "kitchen")
    assert git.changed(first) == {}
    assert Git(top).changed(first) == {}
    (top / ".github/workflows/a.yaml").write_text("2")
    (top / ".github/workflows/new.yaml").write_text("2")
    (top / "CODEOWNERS").unlink()
    for name in ("x.py", "docs/a.md", "kitchen/infra/a.py", "infra/a.py"):
        (top / name).write_text("2")
    told = git.changed(first)
    assert sorted(told) == [
        "../.github/workflows/a.yaml",
        "../.github/workflows/new.yaml",
        "../CODEOWNERS",
        "infra/a.py",
    ]
    assert [name for name, found in told.items() if not found] == ["../CODEOWNERS"], "it is gone"
    repository.git("config", "diff.relative", "true")
    assert git.changed(first) == told
    (top / ".github/workflows/new.yaml").chmod(0o755)
    assert git.changed(first) != told


def test_attributes_on_the_way_to_the_folder_are_told(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """By them Git writes other bytes than it keeps; whatever the caller's shell says of paths."""
    top, names = repository.folder, ("a b/.gitattributes", "a b/x\ny/.gitattributes", "a b/other/.gitattributes")
    for name in (*names, "a b/x\ny/kitchen/infra/a.py", "a b/CODEOWNERS"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text("*.a text\n")
    first = repository.commit("b", "1")
    for name in (*names, "a b/CODEOWNERS", ".gitattributes"):
        (top / name).write_text("*.b text\n")
    git = Git(top / "a b/x\ny/kitchen")
    told = ["../../../.gitattributes", "../../../a b/.gitattributes", "../../../a b/x\ny/.gitattributes"]
    assert sorted(git.changed(first)) == told
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    assert sorted(git.changed(first)) == told
