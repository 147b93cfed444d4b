"""`kitchen token` against a real issuer on loopback: how a person and a program get one, and what is printed."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.entry.envoy import bootstrap
from infra.catalog import load_catalog
from infra.kitchen.entry_plan import plan
from infra.load import settings_from_file
from ops.__main__ import main
from ops.token import claims
from tests.support.token_issuer import SECRET, TokenIssuer
from tests.unit.support.entry import cluster
from tests.unit.support.entry import issuer as stated
from tools.cluster import certificates


def run(*words: str) -> int:
    return main(["token", "--stack", "test", "--client-id", "kitchen-cli", *words])


def test_a_person_signs_in(issuer: TokenIssuer, stack: Any, slept: list[float], capsys: Any) -> None:
    stack(stated(issuer=issuer.issuer))
    issuer.polls = ["authorization_pending", "slow_down", "authorization_pending"]
    assert run("--raw") == 0
    told = capsys.readouterr()
    assert told.out == f"{issuer.given[0]}\n"
    assert told.err.splitlines()[:2] == [f"open      {issuer.host}/activate", "enter     WDJB-MJHT"]
    assert slept == [5, 5, 10, 10], "slow_down adds five seconds for good"
    assert issuer.asked[0].form == {"client_id": "kitchen-cli", "scope": "openid"}
    assert {asked.authorization for asked in issuer.asked} == {""}


def test_a_person_reads_what_may_be_called(issuer: TokenIssuer, stack: Any, slept: list[float], capsys: Any) -> None:
    stack(stated(issuer=issuer.issuer))
    assert run() == 0
    told = capsys.readouterr()
    lines = dict(line.split(maxsplit=1) for line in told.out.splitlines()[:3])
    assert (lines["for"], lines["groups"]) == ("ana", "helpdesk-callers")
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d UTC, in \d+ min", lines["ends"])
    assert "may call  helpdesk-faq, support\n" in told.out
    assert "https://ai.dev.kitchen.example/v1/chat/completions" in told.out
    assert '"model": "helpdesk-faq"' in told.out
    assert "$(kitchen token --stack test --client-id kitchen-cli --raw)" in told.out
    assert issuer.given[0] not in told.out + told.err
    assert "note:" not in told.err


def test_what_is_printed_can_be_run(issuer: TokenIssuer, stack: Any, slept: list[float], capsys: Any) -> None:
    stack(stated(issuer=issuer.issuer))
    run()
    _, curl, sdk = re.split(r"^with .*:.*\n", capsys.readouterr().out, flags=re.MULTILINE)
    compile(sdk, "sdk", "exec")
    script = f'kitchen() {{ echo the-token; }}; curl() {{ printf "%s\\n" "$@"; }}\n{curl}'
    done = subprocess.run(["bash", "-eu", "-c", script], capture_output=True, text=True, check=True)
    words = done.stdout.splitlines()
    assert "Authorization: Bearer the-token" in words
    assert json.loads(words[-1])["model"] == "helpdesk-faq"


@pytest.mark.parametrize("methods", [["client_secret_basic"], ["client_secret_post"], None])
def test_a_program_has_a_secret_of_its_own(
    methods: list[str] | None, issuer: TokenIssuer, stack: Any, capsys: Any, tmp_path: Path
) -> None:
    stack(stated(issuer=issuer.issuer))
    issuer.changes["token_endpoint_auth_methods_supported"] = methods
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    words = ["token", "--stack", "test", "--client-id", "ticket-bot", "--client-credentials", "--raw"]
    assert main([*words, "--secret-file", "secret"]) == 0
    assert capsys.readouterr().out == f"{issuer.given[0]}\n"
    assert bool(issuer.asked[0].authorization) == (methods != ["client_secret_post"])
    assert "scope" not in issuer.asked[0].form


def test_the_secret_comes_from_standard_input_or_is_typed(
    issuer: TokenIssuer, stack: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack(stated(issuer=issuer.issuer))
    words = ["token", "--stack", "test", "--client-id", "ticket-bot", "--client-credentials"]
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{SECRET}\r\n"))
    assert main([*words, "--secret-file", "-"]) == 0
    assert main(words) == 2
    assert "--secret-file: missing; rule: nobody can be asked" in capsys.readouterr().err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda _: SECRET)
    assert main(words) == 0
    assert len(issuer.given) == 2


def test_an_issuer_with_a_certificate_of_the_company(
    stack: Any, slept: list[float], capsys: Any, tmp_path: Path
) -> None:
    certificates.make(tmp_path)
    with TokenIssuer(pki=tmp_path) as issuer:
        stack(stated(issuer=issuer.issuer))
        assert run() == 1
        assert "certificate is not trusted" in capsys.readouterr().err
        assert issuer.asked == []
        assert run("--ca", "ca.crt") == 0
        assert "  --cacert ca.crt \\\n" in capsys.readouterr().out


def test_groups_in_another_claim(issuer: TokenIssuer, stack: Any, slept: list[float], capsys: Any) -> None:
    stack(stated(issuer=issuer.issuer, groupsClaim="realm_access.roles"))
    issuer.claims = {"realm_access": {"roles": ["reviewers", 7]}}
    assert run() == 0
    assert "groups    reviewers\nmay call  helpdesk-classifier\n" in capsys.readouterr().out


def test_a_group_named_like_accounts_opens_nothing(issuer: TokenIssuer, stack: Any, slept: Any, capsys: Any) -> None:
    member = "system:serviceaccounts:shop"
    path = stack(stated(issuer=issuer.issuer), cluster())
    data = yaml.safe_load(path.read_text())
    data["config"]["kitchen:kitchens"]["support"]["access"][0]["groups"].append(member)
    path.write_text(yaml.safe_dump(data))
    issuer.claims = {"groups": [member]}
    assert run("--issuer", stated()["name"]) == 0
    told = capsys.readouterr()
    assert f"groups    {member}\nmay call  no model\n" in told.out
    assert "no group of it may call a model" in told.err
    issuer.claims = {"groups": [member, "reviewers"]}
    assert run("--issuer", stated()["name"]) == 0
    assert "may call  helpdesk-classifier\n" in capsys.readouterr().out


def test_the_longest_life_is_the_entry_s_own(stack: Any, issuer: TokenIssuer) -> None:
    path = stack(stated(issuer=issuer.issuer))
    catalog = load_catalog()
    made = json.dumps(bootstrap(plan(settings_from_file(path, catalog), catalog)))
    assert f'"max_lifetime": "{claims.LONGEST_SECONDS}s"' in made
    assert f'"max_request_headers_kb": {claims.MOST_CHARACTERS // 1024}' in made
