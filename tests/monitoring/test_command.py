"""`kitchen alerts` beside a real Prometheus that has the rules, and beside servers that answer strangely."""

from __future__ import annotations

import json
import re
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.observability.rules.serving import FIRST_START
from infra.monitoring import alerts, rule_groups
from infra.monitoring_files import rules_file
from ops.__main__ import main
from ops.alerts import commands
from ops.alerts.prometheus import Active, Rule
from ops.alerts.rows import rows
from tests.monitoring.support.alerting import until
from tests.monitoring.support.certificates import pair
from tests.monitoring.support.prometheus import Prometheus
from tests.monitoring.test_files import everything, settings
from tests.support.quiet_server import QuietServer
from tools.toolchain import MONITORING, ensure

CANARY = "canary-c0ffee-token"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stack") / "Pulumi.dev.yaml"
    path.write_text(yaml.safe_dump({"config": {f"kitchen:{key}": value for key, value in everything().items()}}))
    return path


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """It scrapes nothing, so that all alerts on what is missing are on their way; absent ones fire at once here."""
    ensure(MONITORING)
    folder = tmp_path_factory.mktemp("prometheus")
    said = yaml.safe_load(rules_file(rule_groups(settings())))
    for group in said["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            if rule.get("alert") == "KitchenEntryMissing":
                del rule["for"]
            if rule.get("alert") == "KitchenServersMissing":  # kitchens are new for a second, and not for an hour
                rule["expr"] = rule["expr"].replace(FIRST_START, "1s")
        # One alert is not loaded at all.
        group["rules"] = [rule for rule in group["rules"] if rule.get("alert") != "KitchenGpuIdle"]
    rules = folder / "rules.yaml"
    rules.write_text(yaml.safe_dump(said))
    with Prometheus(folder, rules=[rules]) as made:
        until(lambda: all(rule["health"] == "ok" for rule in made.rules()), made.rules)
        until(lambda: bool(made.query('ALERTS{alertname="KitchenEntryMissing",alertstate="firing"}')))
        until(lambda: len(made.query('ALERTS{alertname="KitchenServersMissing"}')) == len(settings().kitchens))
        yield made


def asked(stack: Path, address: str, *words: str) -> int:
    return main(["alerts", "--settings", str(stack), "--prometheus", address, *words])


def test_states_are_those_of_prometheus(
    stack: Path, prometheus: Prometheus, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(stack, f"http://127.0.0.1:{prometheus.port}", "--json") == commands.FIRES
    rows = json.loads(capsys.readouterr().out)
    states = {row["alert"]: row["state"] for row in rows}
    assert set(states) == {alert.id for alert in alerts(settings())}
    assert states["KitchenEntryMissing"] == "firing"
    assert states["KitchenServersMissing"] == "pending"
    assert states["KitchenTtftSlow"] == "silent"
    assert states["KitchenGpuIdle"] == "no rule"
    (fired,) = (row for row in rows if row["alert"] == "KitchenEntryMissing")
    assert fired["says"] == "No pod of the entry of dev answers scrapes"
    assert [row["says"] for row in rows if "  " in row["says"]] == []  # a label that the expression does not keep
    assert fired["runbook"].endswith("alerts.md#kitchenentrymissing")
    kitchens = {row["labels"]["kitchen"] for row in rows if row["alert"] == "KitchenServersMissing"}
    assert kitchens == {kitchen.name for kitchen in settings().kitchens.values()}


def test_filters_and_exit_codes(stack: Path, prometheus: Prometheus, capsys: pytest.CaptureFixture[str]) -> None:
    address = f"http://127.0.0.1:{prometheus.port}"
    # Nothing for tenants fires, and the rule on idle GPUs is not loaded.
    assert asked(stack, address, "--owner", "tenant", "--active") == commands.UNKNOWN
    assert "KitchenGpuIdle" in capsys.readouterr().out
    assert asked(stack, address, "--owner", "tenant", "--severity", "ticket", "--json") == 0
    assert {row["severity"] for row in json.loads(capsys.readouterr().out)} == {"ticket"}
    assert asked(stack, address, "--kitchen", "support", "--active", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found
    assert {row["labels"]["kitchen"] for row in found} == {"support"}


def test_the_screen_says_what_to_do(stack: Path, prometheus: Prometheus, capsys: pytest.CaptureFixture[str]) -> None:
    asked(stack, f"http://127.0.0.1:{prometheus.port}", "--active")
    said = capsys.readouterr().out.splitlines()
    assert said[1].split()[:4] == ["firing", "KitchenEntryMissing", "page", "platform"]
    assert any(line.startswith("1 firing, ") and line.endswith(" silent") for line in said)
    assert said[-1] == "what to do: docs/alerts.md#kitchenentrymissing"


def test_a_narrow_terminal_has_what_an_alert_says_on_lines_of_its_own(
    stack: Path, prometheus: Prometheus, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for columns in (80, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        asked(stack, f"http://127.0.0.1:{prometheus.port}")
        said = capsys.readouterr().out.partition("\n\n")[0].splitlines()
        assert max(map(len, said)) <= columns
        assert said[2] == "  No pod of the entry of dev answers scrapes"
    monkeypatch.setenv("COLUMNS", "300")
    asked(stack, f"http://127.0.0.1:{prometheus.port}")
    assert capsys.readouterr().out.splitlines()[1].endswith("  No pod of the entry of dev answers scrapes")


def test_pods_of_a_kitchen_are_about_it(stack: Path) -> None:
    """What Kubernetes tells has no kitchen: who asks for one kitchen must not miss that its pods find no node."""
    (pending,) = (alert for alert in alerts(settings()) if alert.id == "KitchenPodsPending")
    pods = ("support-predictor-7d9-x", "support-canary-predictor-7d9-x", "support-kserve-7d9-x", "summary-predictor-1")
    found = [
        Active(state="firing", since="", labels={"namespace": "helpdesk-dev", "pod": pod}, summary="") for pod in pods
    ]
    told = [Rule(name=pending.id, environment="dev", active=found, error="")]
    mine = [dict(row.labels)["pod"] for row in rows([pending], "dev", told) if row.of_kitchen("support")]
    assert mine == ["support-kserve-7d9-x", "support-predictor-7d9-x"]
    assert all(row.of_kitchen("support") for row in rows([pending], "dev", []))


def test_the_time_says_that_it_is_utc(stack: Path, prometheus: Prometheus, capsys: pytest.CaptureFixture[str]) -> None:
    asked(stack, f"http://127.0.0.1:{prometheus.port}", "--json", "--active")
    times = {row["since"] for row in json.loads(capsys.readouterr().out) if row["since"]}
    assert times
    assert [time for time in times if not re.fullmatch(r"[0-9T:-]{19}Z", time)] == []


def test_the_table_alone_asks_nobody(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alerts", "--settings", str(stack), "--severity", "page"]) == 0
    said = capsys.readouterr()
    assert "No pod of the entry of dev answers scrapes" in said.out
    assert "ticket" not in said.out
    assert said.err == ""


WRONG = {
    "no json": (200, b"<html>sign in</html>", "no JSON object in it"),
    "a list": (200, b"[]", "no JSON object in it"),
    "deep": (200, b"[" * 100_000, "no JSON object in it"),
    "another API": (200, b'{"status":"success","data":[]}', "not one of Prometheus about rules"),
    "a state that there is not": (
        200,
        b'{"status":"success","data":{"groups":[{"rules":[{"type":"alerting","name":"KitchenX","health":"ok",'
        b'"labels":{},"alerts":[{"state":"\\u001b[2J","activeAt":"","labels":{},"annotations":{}}]}]}]}}',
        "not one of Prometheus about rules",
    ),
    "an error": (200, b'{"status":"error"}', "not one of Prometheus about rules"),
    "no right": (403, b'{"status":"error"}', "has no right to read rules"),
    "no token": (401, b'{"status":"error"}', "does not know the token"),
    "not there": (404, b'{"status":"error"}', "is the address that of a Prometheus?"),
    "broken": (503, b"upstream", "no JSON object in it"),
    "elsewhere": (302, b"", "a redirect, which is not followed"),
}


@contextmanager
def server(status: int, body: bytes, seen: list[str], wait: float = 0) -> Iterator[str]:
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization", ""))
            over.wait(wait)
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    listening = QuietServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.server_address[1]}"
    finally:
        over.set()
        listening.shutdown()
        listening.server_close()


@pytest.mark.parametrize("name", WRONG)
def test_a_strange_answer_is_one_line(
    name: str, stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, body, told = WRONG[name]
    token, seen = tmp_path / "token", list[str]()
    token.write_text(f"{CANARY}\n")
    with server(status, body, seen) as address:
        assert asked(stack, address, "--token-file", str(token)) == commands.UNKNOWN
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert told in said.err
    assert "\x1b" not in said.err
    assert CANARY not in said.err
    assert seen == [f"Bearer {CANARY}"]


def test_an_answer_that_does_not_come_is_one_line(
    stack: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_SECONDS", 0.3)
    with server(200, b"{}", [], wait=120) as address:
        assert asked(stack, address) == commands.UNKNOWN
    assert "no whole answer in 0.3 s" in capsys.readouterr().err


def test_nobody_there_is_one_line(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(stack, "http://127.0.0.1:9") == commands.UNKNOWN
    assert capsys.readouterr().err.endswith("Connection refused\n")


BAD: dict[str, tuple[list[str], str]] = {
    "plain http elsewhere": (["--prometheus", "http://prometheus.example.com"], "--prometheus: "),
    "a password in it": (["--prometheus", f"https://me:{CANARY}@prometheus.example.com"], "--prometheus: "),
    "no address": (["--prometheus", "prometheus"], "--prometheus: "),
    "no such kitchen": (["--kitchen", "nobody"], "--kitchen: "),
    "a token and nobody to ask": (["--token-file", CANARY], "--token-file: "),
    "a token for a file": (["--prometheus", "https://a.example.com", "--token-file", CANARY], "--token-file: "),
    "no authorities": (["--prometheus", "https://a.example.com", "--ca", "/nowhere"], "--ca: "),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(name: str, stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words, told = BAD[name]
    assert main(["alerts", "--settings", str(stack), *words]) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert CANARY not in said.out + said.err
    assert "Traceback" not in said.err


def test_a_token_is_never_an_argument(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["alerts", "--settings", str(stack), "--token", CANARY])
    assert ended.value.code == 2
    assert CANARY not in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "two\nlines", "with a space", "\x00"])
def test_a_file_that_holds_no_token_is_refused(
    text: str, stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = tmp_path / "token"
    token.write_text(text)
    assert asked(stack, "https://a.example.com", "--token-file", str(token)) == 2
    assert "the token: " in capsys.readouterr().err


def test_two_prometheus_beside_each_other_tell_one_alert() -> None:
    (alert,) = (alert for alert in alerts(settings()) if alert.id == "KitchenEntryMissing")
    one = Active(state="firing", since="2026-11-28T10:00:00", labels={"environment": "dev"}, summary="gone")
    rule = Rule(name=alert.id, environment="dev", active=[one], error="")
    other = Rule(name=alert.id, environment="prod", active=[one, one], error="broken")
    assert [row.state for row in rows([alert], "dev", [rule, rule, other])] == ["firing"]


def test_tls_by_an_authority(stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certificate, key = pair(tmp_path)
    seen: list[str] = []
    with secure(certificate, key, seen) as address:
        assert asked(stack, address) == commands.UNKNOWN
        assert "its certificate is not trusted" in capsys.readouterr().err
        assert asked(stack, address, "--ca", str(certificate), "--json") == commands.UNKNOWN  # no rule is loaded there
    assert {row["state"] for row in json.loads(capsys.readouterr().out)} == {"no rule"}
    assert len(seen) == 1


@contextmanager
def secure(certificate: Path, key: Path, seen: list[str]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"status":"success","data":{"groups":[]}}')

        def log_message(self, *_: Any) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listening = QuietServer(("127.0.0.1", 0), Handler)
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"https://127.0.0.1:{listening.server_address[1]}"
    finally:
        listening.shutdown()
        listening.server_close()
