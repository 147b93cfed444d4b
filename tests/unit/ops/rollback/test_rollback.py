"""`kitchen rollback` in a real git repository: one block goes back, everything else stays byte for byte."""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from ops.__main__ import main
from ops.rollback.block import LayoutError, with_block
from tools.local.workspace import REPOSITORY

FILE = "Pulumi.prod.yaml"
TWO = "adapters: [helpdesk-faq/v2026-02-01, helpdesk-classifier/v2026-02-01]"
ONE = "adapters: [helpdesk-faq/v2026-02-01]"


class Repo:
    """A repository with the production settings and the catalog, and two commits: two adapters, then one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / FILE
        self.catalog = folder / "infra" / "catalog"
        shutil.copytree(REPOSITORY / "infra" / "catalog", self.catalog, ignore=shutil.ignore_patterns("*.py*", "__*"))
        shutil.copy(REPOSITORY / FILE, self.file)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("two adapters")
        self.replace(TWO, ONE)
        self.commit("one adapter")

    def git(self, *words: str) -> str:
        who = {f"GIT_{role}_{key}": "a@example.com" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
        env = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(["git", *words], cwd=self.folder, env=env, capture_output=True, text=True, check=True)
        return done.stdout

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def replace(self, old: str, new: str, file: Path | None = None) -> None:
        path = file or self.file
        text = path.read_bytes().decode()
        assert old in text
        path.write_bytes(text.replace(old, new, 1).encode())

    def rollback(self, *words: str, kitchen: str = "support") -> int:
        return main(["rollback", kitchen, "--settings", str(self.file), "--catalog", str(self.catalog), *words])


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "a@example.com")
    return Repo(tmp_path)


def changed(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), n=0)
    return [line.rstrip("\n") for line in list(lines)[2:] if not line.startswith("@@")]


def test_one_block_goes_back_and_nothing_else(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.replace("maxModelLen: 16384, concurrency: 8}", "maxModelLen: 16384, concurrency: 4}  # measured\n\n    # new")
    repo.commit("another kitchen changed too")
    before = repo.file.read_text()
    assert repo.rollback("--to", "HEAD~2") == 0
    assert changed(before, repo.file.read_text()) == [f"-      {ONE}", f"+      {TWO}"]
    told = capsys.readouterr().out
    assert f"+      {TWO}\n" in told
    assert "next:\n  git commit -m 'Kitchen support of prod as it was at " in told
    assert repo.git("log", "--format=%s", "-1").strip() == "another kitchen changed too"


def test_a_commit_holds_this_file_alone_and_names_the_revision(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    other = repo.folder / "other.txt"
    other.write_text("staged by somebody")
    repo.git("add", "other.txt")
    commit = repo.git("rev-parse", "HEAD~1").strip()
    assert repo.rollback("--to", "HEAD~1", "--commit") == 0
    assert repo.git("show", "--name-only", "--format=", "HEAD").split() == [FILE]
    assert repo.git("status", "--porcelain").split() == ["A", "other.txt"]
    message = repo.git("log", "--format=%B", "-1")
    assert message.startswith(f"Kitchen support of prod as it was at {commit[:12]}\n")
    assert commit in message
    assert repo.git("show", f"HEAD:{FILE}") == repo.git("show", f"{commit}:{FILE}")
    assert "committed: " in capsys.readouterr().out


def test_a_refused_commit_is_told_and_the_change_stays(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    hook = repo.folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'a hook says no' >&2\nexit 1\n")
    hook.chmod(0o755)
    assert repo.rollback("--to", "HEAD~1", "--commit") == 1
    assert "is changed, git did not commit it: a hook says no" in capsys.readouterr().err
    assert TWO in repo.file.read_text()


def test_a_kitchen_that_was_taken_out_comes_back_behind_the_others(repo: Repo) -> None:
    text = repo.file.read_text()
    start, end = text.index("    contracts:\n"), text.index("    developer:\n")
    repo.file.write_text(text[:start] + text[end:])
    repo.commit("without contracts")
    before = repo.file.read_text()
    assert repo.rollback("--to", "HEAD~1", kitchen="contracts") == 0
    assert repo.file.read_text() == before + text[start:end]


REFUSED = [
    (("--to", "HEAD~9"), "support", '--to: "HEAD~9"; rule: must be a commit'),
    (("--to", "--output=x"), "support", ""),
    (("--to", "HEAD"), "support", "nothing would change"),
    (("--to", "HEAD~1"), "nobody", "no kitchen of Pulumi.prod.yaml at"),
    (("--to", "HEAD~1", "--commit", "--force"), "support", "not with --force"),
]


def test_a_machine_without_git_is_told(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(repo.folder))
    assert repo.rollback("--to", "HEAD~1") == 2
    assert "must lie in a git repository: git is not on PATH" in capsys.readouterr().err


@pytest.mark.parametrize(("words", "kitchen", "message"), REFUSED)
def test_what_cannot_be_put_back_is_said_and_nothing_changes(
    repo: Repo, words: tuple[str, ...], kitchen: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = repo.file.read_bytes()
    try:
        assert repo.rollback(*words, kitchen=kitchen) == 2
    except SystemExit as error:  # argparse takes it for an option
        assert error.code == 2
    assert message in capsys.readouterr().err
    assert repo.file.read_bytes() == before


def test_uncommitted_changes_are_not_mixed_in(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.replace('costCentre: "4711"', 'costCentre: "4712"')
    assert repo.rollback("--to", "HEAD~1") == 2
    assert "has changes that are not committed" in capsys.readouterr().err
    assert repo.rollback("--to", "HEAD~1", "--force") == 0
    assert TWO in repo.file.read_text()
    assert "4712" in repo.file.read_text()


def test_a_file_outside_of_git_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / FILE
    shutil.copy(REPOSITORY / FILE, path)
    assert main(["rollback", "support", "--settings", str(path), "--to", "HEAD"]) == 2
    assert "must lie in a git repository" in capsys.readouterr().err
    assert main(["rollback", "support", "--settings", str(tmp_path / "gone.yaml"), "--to", "HEAD"]) == 2
    assert "must be a readable text file" in capsys.readouterr().err


def edited(repo: Repo, ref: str, **values: object) -> None:
    path = repo.catalog / "adapters.yaml"
    content = yaml.safe_load(path.read_text())
    if values:
        content["adapters"][ref] |= values
    else:
        del content["adapters"][ref]
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    repo.commit("catalog")


def test_what_may_not_run_any_more_is_refused_with_what_to_do(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    ref = "helpdesk-classifier/v2026-02-01"
    before = repo.file.read_bytes()
    edited(repo, ref, state="retired", retirement={"on": "2026-06-01", "reason": "leaked names"})
    assert repo.rollback("--to", "HEAD~2") == 2
    told = capsys.readouterr().err
    assert "kitchens.support.adapters[1]" in told
    assert "is retired since 2026-06-01 (leaked names): name a version that is approved in its place" in told
    assert "1 fault," in told
    edited(repo, ref)
    assert repo.rollback("--to", "HEAD~3") == 2
    assert "is in the catalog no more: bring it in again as a new version" in capsys.readouterr().err
    assert repo.file.read_bytes() == before


def test_other_sums_than_then_are_not_what_ran(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    path = repo.catalog / "adapters.yaml"
    ref = "helpdesk-classifier/v2026-02-01"
    sums = yaml.safe_load(path.read_text())["adapters"][ref]["files"]["adapter_config.json"]["sha256"]
    content = path.read_text()
    start = content.index(ref)
    path.write_text(content[:start] + content[start:].replace(sums, "ab" * 32, 1))
    repo.commit("an entry that was rewritten")
    assert repo.rollback("--to", "HEAD~2") == 2
    assert "has other sums in the catalog than then" in capsys.readouterr().err


def test_every_fault_of_the_new_settings_is_told(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.replace(
        "l40s: {product: NVIDIA-L40S, memoryGiB: 48, gpus: 16}", "l40s: {product: NVIDIA-L40S, memoryGiB: 4, gpus: 16}"
    )
    repo.replace("pool: h100", "pool: a100")
    repo.commit("faults of somebody else")
    before = repo.file.read_bytes()
    assert repo.rollback("--to", "HEAD~2") == 2
    told = capsys.readouterr().err
    assert "kitchens.developer.pool" in told
    assert "Traceback" not in told
    assert repo.file.read_bytes() == before


def test_another_digest_behind_the_same_image_is_remarked(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.replace("sha256:0a51", "sha256:1a51", repo.catalog / "images.yaml")
    repo.commit("a new vllm")
    assert repo.rollback("--to", "HEAD~2") == 0
    assert "note: image vllm stands for sha256:1a51" in capsys.readouterr().out


def settings(*kitchens: str, head: str = "config:\n  kitchen:kitchens:\n", tail: str = "") -> str:
    return head + "".join(kitchens) + tail


A, B = "    a:\n      x: 1\n", "    b:\n      z: [1,\n          2]\n"


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        (settings("    a: {x: 2}  # short\n", B), settings(A), settings(A, B)),
        (settings(A, "\n    # of b\n", B), settings("    a:\n      x: 2\n      # why\n\n    # other\n", B),
         settings("    a:\n      x: 2\n      # why\n", "\n    # of b\n", B)),
        (settings(B, A.rstrip()), settings("    a:\n      x: 3\n"), settings(B, "    a:\n      x: 3")),
        (settings(A.replace("1", "2"), B).replace("\n", "\r\n"), settings(A), settings(A, B).replace("\n", "\r\n")),
        (settings(A.replace("1", "2"), B),
         "config:\n    kitchen:kitchens:\n        a:\n          x: 1\n", settings(A, B)),
        (settings(B.rstrip()), settings(A), settings(B, A)),
        (settings(A.replace("1", "2"), tail="  kitchen:phase: 3\n"), settings(A),
         settings(A, tail="  kitchen:phase: 3\n")),
    ],
)  # fmt: skip
def test_layouts(text: str, source: str, expected: str) -> None:
    assert with_block(text, "a", source) == expected


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("config:\n  kitchen:kitchens: {a: {x: 2}, b: {z: 1}}\n", settings(A)),
        (settings("    a: &one\n      x: 2\n", "    b: *one\n"), settings(A)),
        (settings("    a: {x: 2}\n"), settings("    b: &one\n      x: 1\n", "    a: *one\n")),
        ("config: {}\n", settings(A)),
        ("config: [\n", settings(A)),
    ],
)
def test_what_cannot_be_replaced_alone_is_refused(text: str, source: str) -> None:
    with pytest.raises(LayoutError):
        with_block(text, "a", source)


def with_canary(repo: Repo, **values: object) -> None:
    """A second version in the catalog, a commit that tries it, and one that takes it back."""
    path, ref = repo.catalog / "adapters.yaml", "helpdesk-faq/v2026-03-01"
    content = yaml.safe_load(path.read_text())
    content["adapters"][ref] = {**content["adapters"]["helpdesk-faq/v2026-02-01"]}
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    repo.replace("kitchen:phase: 3", "kitchen:phase: 4")
    entry = "{name: helpdesk-faq, version: v2026-02-01, canary: {version: v2026-03-01, weight: 10}}"
    repo.replace(ONE, f"adapters: [{entry}]")
    repo.commit("a canary of one adapter")
    repo.replace(f"adapters: [{entry}]", ONE)
    repo.commit("without it")
    if values:
        edited(repo, ref, **values)


def test_the_canary_of_an_adapter_goes_and_comes_back_with_its_kitchen(repo: Repo) -> None:
    with_canary(repo)
    assert repo.rollback("--to", "HEAD~1") == 0
    assert "canary: {version: v2026-03-01, weight: 10}" in repo.file.read_text()
    repo.commit("tried again")
    assert repo.rollback("--to", "HEAD~1") == 0
    assert "v2026-03-01" not in repo.file.read_text()


def test_the_canary_of_then_must_be_one_that_may_run(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    with_canary(repo, state="retired", retirement={"on": "2026-06-01", "reason": "wrong answers"})
    before = repo.file.read_bytes()
    assert repo.rollback("--to", "HEAD~2") == 2
    told = capsys.readouterr().err
    assert "kitchens.support.adapters[0].canary" in told
    assert "is retired since 2026-06-01 (wrong answers)" in told
    assert repo.file.read_bytes() == before
