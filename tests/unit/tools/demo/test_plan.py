"""The demo's configuration is the program's own, with loopback in place of the servers' names; its tokens are real."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest

from components.entry.envoy import bootstrap
from components.entry.plan import Ports
from infra.kitchen.entry_plan import plan
from tools.demo.on_cpu import arguments, word_here
from tools.demo.plan import AUDIENCE, ISSUER, MINE, Demo, demo
from tools.demo.tokens import LocalIssuer

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what a pod says


@pytest.fixture(scope="module")
def shown() -> Demo:
    return demo(LocalIssuer(ISSUER, AUDIENCE))


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every value of a configuration by its path."""
    if isinstance(value, dict):
        return {key: leaf for name, each in value.items() for key, leaf in leaves(each, f"{path}.{name}").items()}
    if isinstance(value, list):
        return {key: leaf for i, each in enumerate(value) for key, leaf in leaves(each, f"{path}[{i}]").items()}
    return {path: value}


def test_nothing_but_places_differs_from_what_pods_run(shown: Demo) -> None:
    ports = Ports(callers=1, admin=2, metrics=3, check=4)
    pods = leaves(bootstrap(plan(shown.settings, shown.catalog)))
    here = leaves(bootstrap(shown.entry_plan(ports, 5, Path("/here"))))
    assert set(here) == set(pods)
    changed = {path.rpartition(".")[2]: here[path] for path in here if here[path] != pods[path]}
    assert set(changed) == {"address", "port_value", "path", "filename", "uri"}
    assert changed["uri"] == "http://127.0.0.1:4"
    whole = json.dumps(bootstrap(shown.entry_plan(ports, 5, Path("/here"))))
    assert EVERYWHERE not in whole
    assert ".svc" not in whole
    assert ".svc" in json.dumps(bootstrap(plan(shown.settings, shown.catalog)))


def test_pods_listen_on_every_address(shown: Demo) -> None:
    made = plan(shown.settings, shown.catalog)
    listeners = bootstrap(made)["static_resources"]["listeners"]
    assert [one["address"]["socket_address"]["address"] for one in listeners] == [EVERYWHERE] * 2
    here = bootstrap(replace(made, listen="127.0.0.1"))["static_resources"]["listeners"]
    assert [one["address"]["socket_address"]["address"] for one in here] == ["127.0.0.1"] * 2


def test_the_caller_may_call_what_the_demo_shows(shown: Demo) -> None:
    groups = {name: said["groups"] for name, said in shown.table().items()}
    assert MINE in groups[shown.open]
    assert MINE in groups[shown.base]
    assert MINE not in groups[shown.closed]


def test_a_token_is_one_that_others_verify() -> None:
    issuer = LocalIssuer(ISSUER, AUDIENCE)
    key = jwt.PyJWK(issuer.key())
    claims = jwt.decode(
        issuer.token(sub="ana", groups=[MINE]), key, algorithms=["ES256"], audience=AUDIENCE, issuer=ISSUER
    )
    assert (claims["sub"], claims["groups"], claims["exp"] - claims["iat"]) == ("ana", [MINE], 3600)
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(issuer.token(), jwt.PyJWK(LocalIssuer(ISSUER, AUDIENCE).key()), algorithms=["ES256"])
    assert "d" not in issuer.key(), "the private part stays"


def test_words_of_a_command_line_for_this_machine() -> None:
    here = {"/mnt/models": "/a/model", "/mnt": "/b", "8080": "5000"}
    assert word_here("--model=/mnt/models", here) == "--model=/a/model"
    assert word_here("faq=/mnt/adapters/faq", here) == "faq=/b/adapters/faq"
    assert word_here("--port=8080", here) == "--port=5000"
    assert word_here("--seed=8080", here) == "--seed=8080"
    assert word_here("/mnt/models2", here) == "/b/models2"
    words = arguments(["--gpu-memory-utilization=0.9", "--max-model-len=8192", "--port=8080"], here)
    assert words[:2] == ["--max-model-len=256", "--port=5000"]
