"""docs/calling.md: its commands run as they stand there, and its calls are those that the command prints."""

from __future__ import annotations

import re
import shlex
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.accounts import account
from components.entry.paths import MODELS, PATHS
from ops.__main__ import main
from ops.token.claims import LONGEST_SECONDS
from tests.support.token_issuer import SECRET, TokenIssuer
from tests.unit.support.entry import issuer as stated
from tools.local.workspace import REPOSITORY

TEXT = (REPOSITORY / "docs" / "calling.md").read_text()
SHELL = "\n".join(re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)).replace("\\\n", " ")


def kitchen_commands() -> list[list[str]]:
    """The words of every `kitchen` command of the page, those within $(...) too."""
    found = re.findall(r"(?:^|\$\()(kitchen [^\n)]*)", SHELL, re.MULTILINE)
    return [shlex.split(line)[1:] for line in found]


@pytest.mark.usefixtures("slept")
def test_every_command_runs(issuer: TokenIssuer, stack: Any, tmp_path: Path, capsys: Any) -> None:
    stack(stated(issuer=issuer.issuer))
    (tmp_path / "secret").write_text(SECRET)
    places = {"prod": "test", "/run/secrets/ticket-bot": "secret"}
    found = kitchen_commands()
    assert len(found) == 3
    assert [main([places.get(word, word) for word in words]) for words in found] == [0, 0, 0]
    assert len(issuer.given) == 3


def test_every_option_that_it_names_is_there(
    issuer: TokenIssuer, stack: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit):
        main(["token", "--help"])
    told = capsys.readouterr().out
    named = set(re.findall(r"`(--[a-z-]+)", TEXT)) - {"--cacert"}
    assert named == {"--raw", "--secret-file", "--issuer", "--ca"}
    assert [option for option in named if option not in told] == []
    stack(stated(issuer=issuer.issuer))
    monkeypatch.setattr(sys, "stdin", StringIO(SECRET))
    words = ["token", "--stack", "test", "--client-id", "ticket-bot", "--client-credentials", "--secret-file", "-"]
    assert main(words) == 0


def test_its_calls_are_those_that_the_command_prints(issuer: TokenIssuer, stack: Any, slept: Any, capsys: Any) -> None:
    stack(stated(issuer=issuer.issuer))
    assert main(["token", "--stack", "test", "--client-id", "kitchen-cli"]) == 0
    told = capsys.readouterr().out.replace("ai.dev.kitchen.example", "ai.kitchen.example")
    (python,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert python.split() == told[told.index("import os") :].split()
    (chat,) = re.findall(r"^(curl [^\n]*/v1/chat/completions .*)$", SHELL, re.MULTILINE)
    assert shlex.split(chat) == shlex.split(re.findall(r"^curl .*?'$", told.replace("\\\n", " "), re.MULTILINE)[0])


def test_its_paths_are_those_that_are_open() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| (`/[^|]*) \|", TEXT, re.MULTILINE))
    assert {task: set(re.findall(r"`(/[^`]+)`", cell)) for task, cell in rows.items()} == {
        task: set(paths) for task, paths in PATHS.items()
    }
    assert f"`{MODELS}` is open for every one" in TEXT


def test_the_volume_of_a_pod_gives_a_token_that_the_entry_takes() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    spec = yaml.safe_load(text)["spec"]
    (volume,), (container,) = spec["volumes"], spec["containers"]
    (mount,), (variable,) = container["volumeMounts"], container["env"]
    said = volume["projected"]["sources"][0]["serviceAccountToken"]
    assert 600 <= said["expirationSeconds"] <= LONGEST_SECONDS
    assert said["audience"] == stated()["audience"]
    assert (mount["name"], variable["value"]) == (volume["name"], f"{mount['mountPath']}/{said['path']}")
    members = [member for member in re.findall(r"^\| `(\S+)` \|", TEXT, re.MULTILINE) if "system:" in member]
    assert len([account(member) for member in members]) == 3
    assert None not in [account(member) for member in members]
