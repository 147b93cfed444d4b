"""The `kitchen` commands of the runbook's sections on audit and rollback, run as they stand there."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from ops.__main__ import main
from tests.unit.ops.rollback.test_rollback import Repo
from tests.unit.support.audited import REPOSITORY, as_declared, exported, live, models, server, show, write_kubectl


def commands(section: str) -> list[list[str]]:
    """The words of every `kitchen` command in a section of the runbook, in order."""
    text = (REPOSITORY / "docs" / "runbook.md").read_text()
    (part,) = re.findall(rf"^## {section}\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    (block, *_) = re.findall(r"```sh\n(.*?)```", part, re.DOTALL)
    lines = [shlex.split(line, comments=True) for line in block.splitlines()]
    return [words[1:] for words in lines if words[0].endswith("kitchen")]


def test_prove_what_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    write_kubectl(tmp_path / "bin", sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("KITCHEN_OBJECT_STORE_ACCESS_KEY", "KITCHEN_OBJECT_STORE_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    said = as_declared()
    show(tmp_path / "bin", live(said))
    (tmp_path / "state.json").write_text(json.dumps(exported(said)))
    shutil.copy(REPOSITORY / "Pulumi.dev.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    found = commands("Prove what runs")
    assert len(found) == 3
    with server(models(*said.kitchens[0].models)) as (address, _):
        places = {"Pulumi.STACK.yaml": "Pulumi.dev.yaml", "KITCHEN=http://127.0.0.1:8080/v1": f"support={address}/v1"}
        ends = [main([places.get(word, word) for word in words]) for words in found]
    assert ends == [3, 3, 0]
    assert " 0 differs" in capsys.readouterr().out


def test_roll_back_one_kitchen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "a@example.com")
    repo = Repo(tmp_path)
    monkeypatch.chdir(tmp_path)
    found = commands("Roll back one kitchen")
    assert len(found) == 2
    places = {"STACK": "prod", "KITCHEN": "support", "REVISION": "HEAD~1"}
    for words in found:
        assert main([places.get(word, word) for word in words]) == 0
        repo.git("checkout", "--quiet", "--", ".")
    assert repo.git("log", "--format=%s", "-1").startswith("Kitchen support of prod as it was at ")
