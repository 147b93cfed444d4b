"""Tokens of a real Keycloak, by every way in which people and programs get them, and what the real Envoy answers."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.entry.envoy import bootstrap
from components.entry.plan import Ports
from infra.catalog import load_catalog
from infra.kitchen.entry_plan import plan, table
from infra.load import settings_from_file
from tests.keycloak.support.keycloak import Keycloak
from tests.keycloak.support.realm import AUDIENCE, SECRETS
from tests.support.ports import free_ports
from tests.unit.support.entry import issuer, with_entry
from tools.demo import entry
from tools.demo.processes import Processes
from tools.local.workspace import REPOSITORY

KEYS_SECONDS = 6
ACCESS = [
    {"groups": ["helpdesk-callers"], "models": ["helpdesk-faq"]},
    {"groups": ["reviewers"], "models": ["helpdesk-classifier", "base"]},
]


@dataclass(frozen=True)
class Kitchen:
    """Keycloak, an entry that believes it, and the settings file that says so."""

    keycloak: Keycloak
    settings: Path
    port: int

    def ask(
        self, token: str | None, method: str = "GET", path: str = "/v1/models", body: Any = None
    ) -> tuple[int, Any]:
        """Call the entry."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, json.loads(text) if text.startswith("{") else text

    def models(self, token: str) -> list[str]:
        status, said = self.ask(token)
        assert status == 200, said
        return [model["id"] for model in said["data"]]

    def call(self, token: str, model: str) -> int:
        body = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
        return self.ask(token, "POST", "/v1/chat/completions", body)[0]

    def command(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run `kitchen token` to its end."""
        whole = [sys.executable, "-m", "ops", "token", "--settings", str(self.settings), *words]
        return subprocess.run(whole, cwd=REPOSITORY, input=given, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def kitchen(keycloak: Keycloak, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kitchen]:
    folder = tmp_path_factory.mktemp("kitchen")
    with Processes(folder) as processes:
        said = issuer(issuer=keycloak.issuer, audience=AUDIENCE, jwks={"url": keycloak.jwks})
        data = with_entry({"support": {"access": ACCESS}}, issuers=[said])
        settings = folder / "Pulumi.test.yaml"
        settings.write_text(yaml.safe_dump({"config": {f"kitchen:{key}": value for key, value in data.items()}}))
        port = _start_entry(folder, settings, processes)
        yield Kitchen(keycloak, settings, port)


def _start_entry(folder: Path, settings: Path, processes: Processes) -> int:
    """The entry by the program's own plan; the server is a stand-in, and keys are asked for again sooner."""
    catalog = load_catalog()
    checked = settings_from_file(settings, catalog)
    server, callers, admin, metrics, check = free_ports(5)
    made = plan(checked, catalog)
    grants = [
        replace(grant, servers=[replace(one, host="127.0.0.1", port=server) for one in grant.servers])
        for grant in made.grants
    ]
    ports = Ports(callers=callers, admin=admin, metrics=metrics, check=check)
    here = replace(made, grants=grants, ports=ports, listen="127.0.0.1", tls_folder=None)
    here = replace(here, record_path=str(folder / "calls.jsonl"))
    sooner = [replace(issuer, keys_seconds=KEYS_SECONDS) for issuer in here.issuers]
    entry.write(folder, bootstrap(replace(here, issuers=sooner)), table(checked))
    words = [sys.executable, str(REPOSITORY / "tests" / "support" / "stand_in_server.py"), f"--port={server}"]
    processes.start("server", words, {}, folder)
    processes.ready("server", server, "/", 30)
    entry.start(processes, here, checked, folder)
    return callers


def test_people_call_what_their_groups_may(kitchen: Kitchen) -> None:
    ana, ben, eve = (kitchen.keycloak.token(name) for name in ("ana", "ben", "eve"))
    assert kitchen.models(ana) == ["helpdesk-faq", "search"]
    assert kitchen.models(ben) == ["helpdesk-classifier", "support"]
    assert kitchen.models(eve) == []
    called = {
        name: [kitchen.call(token, model) for model in ("helpdesk-faq", "helpdesk-classifier", "support")]
        for name, token in (("ana", ana), ("ben", ben), ("eve", eve))
    }
    assert called == {"ana": [200, 403, 403], "ben": [403, 200, 200], "eve": [403, 403, 403]}


def test_no_token_and_a_wrong_password(kitchen: Kitchen) -> None:
    status, said = kitchen.keycloak.by_password("ana", "no")
    assert (status, said["error"]) == (400, "invalid_grant")
    assert kitchen.ask(None)[0] == 401
    token = kitchen.keycloak.token("ana")
    head, body, signature = token.split(".")
    assert kitchen.ask(f"{head}.{body}.{signature[::-1]}")[0] == 401


def test_a_program_gets_a_token_by_its_secret(kitchen: Kitchen) -> None:
    words = ["--client-id", "ticket-bot", "--client-credentials", "--secret-file", "-"]
    done = kitchen.command(*words, "--raw", given=SECRETS["ticket-bot"])
    assert (done.returncode, done.stderr) == (0, "")
    token = done.stdout.strip()
    assert kitchen.models(token) == ["helpdesk-faq", "search"]
    assert kitchen.call(token, "helpdesk-faq") == 200
    told = kitchen.command(*words, given=SECRETS["ticket-bot"]).stdout
    assert "groups    helpdesk-callers\nmay call  helpdesk-faq, search\n" in told


def test_a_wrong_secret_is_one_line(kitchen: Kitchen) -> None:
    words = ["--client-id", "ticket-bot", "--client-credentials", "--secret-file", "-"]
    done = kitchen.command(*words, given="canary-of-a-wrong-secret")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert ": the client or its secret is wrong" in done.stderr
    assert "canary" not in done.stderr


def test_a_token_for_another_service_is_refused_and_the_command_has_said_so(kitchen: Kitchen) -> None:
    words = ["--client-id", "other-app", "--client-credentials", "--secret-file", "-", "--raw"]
    done = kitchen.command(*words, given=SECRETS["other-app"])
    assert done.returncode == 0
    assert "its audience (aud) is missing" in done.stderr
    assert kitchen.ask(done.stdout.strip())[0] == 403


@pytest.mark.parametrize("agrees", [True, False], ids=["agrees", "denies"])
def test_a_person_signs_in_with_a_browser(agrees: bool, kitchen: Kitchen) -> None:
    words = ["token", "--settings", str(kitchen.settings), "--client-id", "kitchen-cli", "--raw"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ops", *words],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = dict(process.stderr.readline().split(maxsplit=1) for _ in range(2))
        page = kitchen.keycloak.browser(said["open"].strip(), said["enter"].strip(), "ben", agrees=agrees)
        told, why = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    if agrees:
        assert process.returncode == 0, (why, page)
        assert kitchen.models(told.strip()) == ["helpdesk-classifier", "support"]
    else:
        assert (process.returncode, told) == (1, "")
        assert "access_denied: it was denied" in why


def test_a_client_that_may_not_show_codes_is_one_line(kitchen: Kitchen) -> None:
    done = kitchen.command("--client-id", "no-flow")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert re.search(r"unauthorized_client|invalid_client|invalid_grant", done.stderr), done.stderr


def test_a_rotated_key_is_known_once_the_keys_are_asked_for_again(kitchen: Kitchen) -> None:
    old = kitchen.keycloak.token("ana")
    kitchen.keycloak.rotate()
    new = kitchen.keycloak.token("ana")
    assert old.split(".")[0] != new.split(".")[0], "signed with another key"
    end = time.monotonic() + 60
    while kitchen.ask(new)[0] != 200:
        assert time.monotonic() < end
        time.sleep(0.2)
    assert kitchen.ask(old)[0] == 200, "the old key is still published"
