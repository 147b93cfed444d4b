"""`kitchen token` where an issuer, a person or the settings say no: one line each, and never a secret in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.__main__ import main
from ops.token import device
from tests.support.token_issuer import DEVICE_CODE, DISCOVERY, SECRET, TokenIssuer
from tests.unit.support.entry import cluster
from tests.unit.support.entry import issuer as stated


def run(*words: str) -> int:
    return main(["token", "--stack", "test", "--client-id", "kitchen-cli", *words])


DENIED: dict[str, tuple[list[str | int], str]] = {
    "denied": (["authorization_pending", "access_denied"], "access_denied: it was denied"),
    "expired": (["expired_token"], "expired_token: the code has ended"),
    "not valid": (["invalid_grant"], "invalid_grant"),
    "unknown": (["something_new"], "status 400, with no error that OAuth 2.0 knows"),
    "never confirmed": (["authorization_pending"] * 100, "the code has ended before anybody entered it"),
}


@pytest.mark.parametrize("case", DENIED)
def test_what_is_not_confirmed_is_one_line(
    case: str, issuer: TokenIssuer, stack: Any, slept: list[float], capsys: Any
) -> None:
    stack(stated(issuer=issuer.issuer))
    polls, why = DENIED[case]
    issuer.polls = list(polls)
    assert run("--raw") == 1
    told = capsys.readouterr()
    assert told.out == ""
    (line,) = [line for line in told.err.splitlines() if line.startswith("token: ")]
    assert why in line
    assert issuer.given == []
    assert sum(slept) < 300, "nobody asks for a code that has ended"


def test_an_issuer_that_is_away_for_a_moment_is_asked_less_often(
    issuer: TokenIssuer, stack: Any, slept: list[float]
) -> None:
    stack(stated(issuer=issuer.issuer))
    issuer.polls = ["drop", 503, 429]
    assert run("--raw") == 0
    assert slept == [5, 10, 20, 25]


AWAY: dict[str, tuple[dict[str, Any], str]] = {
    "no device flow": ({"device_authorization_endpoint": None}, "offers no sign-in by a code"),
    "no token endpoint": ({"token_endpoint": None}, "token_endpoint: missing"),
    "plain HTTP": ({"token_endpoint": "http://sso.kitchen.example/token"}, "must be an https address"),
    "a user in it": ({"token_endpoint": "https://a:b@sso.kitchen.example/t"}, "must be an https address"),
    "another issuer": ({"issuer": "https://sso.kitchen.example"}, "is of another issuer than the settings say"),
    "a list": ({"device_authorization_endpoint": ["https://x"]}, "device_authorization_endpoint: missing"),
}


@pytest.mark.parametrize("case", AWAY)
def test_a_description_that_is_not_right_is_one_line(case: str, issuer: TokenIssuer, stack: Any, capsys: Any) -> None:
    stack(stated(issuer=issuer.issuer))
    issuer.changes, why = AWAY[case]
    assert run() == 1
    told = capsys.readouterr()
    assert (told.out, len(told.err.splitlines())) == ("", 1)
    assert why in told.err
    assert issuer.asked == [], "nothing was sent"


ODD = {
    "not HTTP": b"hello\r\n\r\n",
    "no JSON": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<htm>",
    "a list": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
    "deep": b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"[" * 200000,
    "cut": b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"a',
    "too long": b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 1_200_000,
    "moved": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "without a token": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "another kind": b'HTTP/1.1 200 OK\r\n\r\n{"access_token": "a", "token_type": "DPoP"}',
    "a line in it": b'HTTP/1.1 200 OK\r\n\r\n{"access_token": "a\\nb", "token_type": "bearer"}',
}


@pytest.mark.usefixtures("slept")
@pytest.mark.parametrize("path", [DISCOVERY, "/device", "/token"])
@pytest.mark.parametrize("case", ODD)
def test_an_answer_that_is_none_is_one_line(case: str, path: str, issuer: TokenIssuer, stack: Any, capsys: Any) -> None:
    stack(stated(issuer=issuer.issuer))
    issuer.answers[path] = ODD[case]
    assert run("--raw") == 1
    told = capsys.readouterr()
    assert told.out == ""
    (line,) = [line for line in told.err.splitlines() if line.startswith("token: ")]
    assert issuer.host in line
    assert "Traceback" not in told.err


@pytest.mark.usefixtures("slept")
@pytest.mark.parametrize("path", [DISCOVERY, "/device", "/token"])
def test_no_redirect_is_followed(path: str, issuer: TokenIssuer, stack: Any, capsys: Any) -> None:
    stack(stated(issuer=issuer.issuer))
    with TokenIssuer() as other:
        head = f"HTTP/1.1 302 Found\r\nLocation: {other.host}{path}\r\nContent-Length: 0\r\n\r\n"
        issuer.answers[path] = head.encode()
        assert run("--raw") == 1
    assert f"{path}: status 302, a redirect, which is not followed" in capsys.readouterr().err


def test_an_issuer_that_is_away_is_one_line(stack: Any, capsys: Any) -> None:
    with TokenIssuer() as gone:
        pass
    stack(stated(issuer=gone.issuer))
    assert run() == 1
    assert capsys.readouterr().err == f"token: {gone.issuer}/.well-known/openid-configuration: Connection refused\n"


BAD: dict[str, tuple[list[str], str]] = {
    "no such stack": (["--stack", "nowhere"], "Pulumi.nowhere.yaml"),
    "no such issuer": (["--issuer", "partners"], '--issuer: "partners"; rule: must be one of corporate'),
    "no authority": (["--ca", "missing.crt"], "--ca: "),
    "a settings file as authority": (["--ca", "Pulumi.test.yaml"], "--ca: "),
    "no secret": (["--secret-file", "missing"], "--secret-file: "),
    "two lines of secret": (["--secret-file", "Pulumi.test.yaml"], "the client's secret: "),
    "a folder as secret": (["--secret-file", "."], "--secret-file: "),
    "an empty client": (["--client-id", ""], "--client-id: "),
    "a client of two lines": (["--client-id", "a\nb"], "--client-id: "),
    "a scope with an accent": (["--scope", "é"], "--scope: "),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_asks_nobody(case: str, issuer: TokenIssuer, stack: Any, capsys: Any) -> None:
    stack(stated(issuer=issuer.issuer))
    words, why = BAD[case]
    assert run(*words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    head, line = told.err.splitlines()
    assert head.endswith(": 1 fault, nothing was changed")
    assert why in told.err
    assert "rule: " in line
    assert issuer.asked == []


def test_settings_without_an_entry_and_several_issuers(issuer: TokenIssuer, stack: Any, capsys: Any) -> None:
    path = stack(stated(issuer=issuer.issuer), stated(name="partners", issuer="not-an-address"))
    assert run() == 2
    assert "--issuer: missing; rule: must be one of corporate, partners" in capsys.readouterr().err
    assert run("--issuer", "partners") == 1
    assert "not-an-address/.well-known/openid-configuration: must be an https address" in capsys.readouterr().err
    data = yaml.safe_load(path.read_text())
    del data["config"]["kitchen:entry"]
    data["config"]["kitchen:kitchens"]["support"].pop("access")
    path.write_text(yaml.safe_dump(data))
    assert run() == 2
    assert "entry: missing; rule: these settings have no entry" in capsys.readouterr().err


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another audience": ({"aud": "account"}, "its audience (aud) is account: the issuer must put kitchen"),
    "no audience": ({"aud": None}, "its audience (aud) is missing"),
    "another issuer": ({"iss": "https://other.example"}, "its issuer (iss) is https://other.example"),
    "groups as a text": ({"groups": "helpdesk-callers"}, "no list of groups in the claim groups"),
    "no groups": ({"groups": None}, "no list of groups in the claim groups"),
    "groups without a grant": ({"groups": ["visitors"]}, "no group of it may call a model"),
    "no end": ({"exp": None}, "does not say when it ends"),
    "an end that is past": ({"exp": 1000}, "has ended already"),
    "a month": ({"exp": 4_000_000_000}, "valid for more than 24 hours"),
    "too many groups": ({"groups": [f"group-{number}" for number in range(4000)]}, "may have 32768 in all"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_entry_would_not_take_is_said_in_words(
    case: str, issuer: TokenIssuer, stack: Any, slept: list[float], capsys: Any
) -> None:
    stack(stated(issuer=issuer.issuer))
    changes, why = REFUSED[case]
    issuer.claims = changes
    assert run("--raw") == 0, "the entry decides, and not this command"
    told = capsys.readouterr()
    assert told.out == f"{issuer.given[0]}\n"
    notes = [line for line in told.err.splitlines() if line.startswith("note: the entry would refuse this token: ")]
    assert any(why in note for note in notes), told.err
    assert run() == 0


def test_a_token_that_is_no_json_web_token(issuer: TokenIssuer, stack: Any, slept: list[float], capsys: Any) -> None:
    stack(stated(issuer=issuer.issuer))
    issuer.answers["/token"] = b'HTTP/1.1 200 OK\r\n\r\n{"access_token": "opaque.a.b", "token_type": "bearer"}'
    assert run() == 0
    assert "it is no JSON Web Token" in capsys.readouterr().err


ECHOES = {
    "status line": b"HTTP/1.1 400 %b\r\nContent-Length: 2\r\n\r\n{}",
    "no HTTP": b"%b %b\r\n",
    "error": b'HTTP/1.1 400 Bad\r\n\r\n{"error": "%b"}',
    "description": b'HTTP/1.1 401 No\r\n\r\n{"error": "invalid_client", "error_description": "%b"}',
    "type": b'HTTP/1.1 200 OK\r\n\r\n{"access_token": "%b", "token_type": "%b"}',
    "page": b"HTTP/1.1 500 Oh\r\n\r\n<p>%b</p>",
    "location": b"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/%b\r\nContent-Length: 0\r\n\r\n",
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: %b\r\n\r\n{}",
    "chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%b\r\n",
}


@pytest.mark.usefixtures("slept")
@pytest.mark.parametrize("case", ECHOES)
def test_no_secret_and_no_token_reaches_a_message(
    case: str, issuer: TokenIssuer, stack: Any, capfd: Any, tmp_path: Path
) -> None:
    """An issuer, or a proxy that poses as one, repeats what it was sent wherever it can."""
    stack(stated(issuer=issuer.issuer))
    canary = SECRET.split()[0].encode()
    issuer.answers["/token"] = ECHOES[case].replace(b"%b", canary)
    (tmp_path / "secret").write_text(SECRET)
    assert run("--client-credentials", "--secret-file", "secret") == 1
    told = capfd.readouterr()
    assert canary.decode() not in told.out + told.err
    issuer.answers["/token"] = ECHOES[case].replace(b"%b", DEVICE_CODE.encode())
    assert run() == 1
    told = capfd.readouterr()
    assert DEVICE_CODE not in told.out + told.err


def test_ctrl_c_is_one_line(issuer: TokenIssuer, stack: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    stack(stated(issuer=issuer.issuer))
    monkeypatch.setitem(device.by_device.__kwdefaults__, "sleep", interrupted)
    assert run("--raw") == 130
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[-1] == "token: stopped"


def test_a_clusters_tokens_are_not_asked_for_here(issuer: TokenIssuer, stack: Any, slept: Any, capsys: Any) -> None:
    stack(stated(issuer=issuer.issuer), cluster())
    assert run("--issuer", "cluster") != 0
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert '--issuer: "cluster"; rule: a cluster gives tokens to pods' in line
    assert "kubectl create token NAME --namespace NAMESPACE --audience kitchen" in line
    assert run("--raw") == 0, "beside a cluster the one identity provider needs no name"


def test_with_clusters_alone_it_says_who_gives_tokens(stack: Any, capsys: Any) -> None:
    stack(cluster())
    assert run() != 0
    assert "a cluster gives tokens to pods" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--secret"], ["--client-secret"], ["--password"], ["--client-s"], ["--token"]])
@pytest.mark.parametrize("joined", [True, False])
def test_a_secret_as_an_argument_is_refused_and_not_repeated(
    words: list[str], joined: bool, stack: Any, capsys: Any
) -> None:
    stack(stated())
    with pytest.raises(SystemExit) as caught:
        run("--client-credentials", *([f"{words[0]}={SECRET}"] if joined else [*words, SECRET]))
    told = capsys.readouterr()
    assert caught.value.code == 2
    assert "a secret is never an argument: --secret-file" in told.err.splitlines()[-1]
    assert SECRET not in told.err + told.out


def test_a_secret_in_the_place_of_its_file_is_not_repeated(stack: Any, capsys: Any) -> None:
    stack(stated())
    assert run("--client-credentials", "--secret-file", SECRET) == 2
    told = capsys.readouterr().err
    assert '--secret-file: "(not shown)"; rule: must be a readable text file' in told
    assert SECRET not in told


def test_an_issuer_that_speaks_no_tls_is_one_plain_line(issuer: TokenIssuer, stack: Any, capsys: Any) -> None:
    stack(stated(issuer=issuer.issuer.replace("http:", "https:")))
    assert run() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("it does not speak TLS there, or none that this machine speaks: is the address right?")
