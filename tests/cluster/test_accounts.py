"""Tokens of ServiceAccounts, as the real API server signs them, through the real Envoy with what settings give."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.rules.json_web_keys import keys_faults
from tests.cluster.support.kubectl import Kubectl, eventually
from tests.entry.support.callers import once, request
from tests.entry.support.plan import CHAT, cluster, issuers_of
from tests.entry.support.running import Entry
from tests.entry.support.tokens import Providers
from tests.entry.support.upstream import upstreams

NAMESPACES = {"shop": ("backend", "web"), "archive": ("reader",)}
BODY = {"messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture(scope="module")
def api(kubectl: Kubectl) -> Iterator[Kubectl]:
    for namespace, accounts in NAMESPACES.items():
        kubectl("create", "namespace", namespace)
        for account in accounts:
            kubectl("-n", namespace, "create", "serviceaccount", account)
        made = ("-n", namespace, "get", "serviceaccount", "default")
        eventually(lambda made=made: kubectl.run(*made).returncode == 0, "a controller makes the account")  # type: ignore[misc]
    yield kubectl
    kubectl("delete", "namespace", *NAMESPACES, "--wait=false")


@pytest.fixture(scope="module")
def entry(api: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entry]:
    """An entry with the keys that the API server tells, as the documentation says how to get them."""
    keys = api("get", "--raw", "/openid/v1/jwks")
    assert list(keys_faults("keys", keys)) == []
    said = json.loads(api("get", "--raw", "/.well-known/openid-configuration"))
    providers = Providers()
    issuers = [one for one in issuers_of(providers) if one.name != "cluster"]
    issuers.append(cluster("cluster", said["issuer"], keys))
    with upstreams() as servers:
        made = Entry(tmp_path_factory.mktemp("entry"), providers, servers, issuers=issuers)
        try:
            made.start()
            yield made
        finally:
            made.stop()


def token(api: Kubectl, namespace: str, name: str, *words: str, audience: str = "kitchen") -> str:
    return api("-n", namespace, "create", "token", name, "--audience", audience, *words).strip()


def call(entry: Entry, said: str, model: str) -> int:
    who = (("authorization", f"Bearer {said}"), ("content-type", "application/json"))
    return once(entry.port, request("POST", CHAT, who, json.dumps({"model": model, **BODY}).encode()), "POST").status


def models(entry: Entry, said: str) -> Any:
    answer = once(entry.port, request("GET", "/v1/models", (("authorization", f"Bearer {said}"),), None), "GET")
    return [model["id"] for model in json.loads(answer.body)["data"]]


def test_an_account_and_all_of_a_namespace_call_what_they_may(api: Kubectl, entry: Entry) -> None:
    found = {}
    for namespace, name in (("shop", "backend"), ("shop", "web"), ("archive", "reader"), ("archive", "default")):
        said = token(api, namespace, name)
        found[f"{namespace}/{name}"] = (
            models(entry, said),
            [call(entry, said, model) for model in ("helpdesk-faq", "contracts", "base")],
        )
    assert found == {
        "shop/backend": (["helpdesk-faq"], [200, 403, 403]),
        "shop/web": ([], [403, 403, 403]),
        "archive/reader": (["contracts"], [403, 200, 403]),
        "archive/default": (["contracts"], [403, 200, 403]),
    }


def test_a_token_that_is_bound_to_a_pod_counts_as_its_account(api: Kubectl, entry: Entry) -> None:
    spec = {"serviceAccountName": "backend", "containers": [{"name": "app", "image": "registry.kitchen.example/app"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app", "namespace": "shop"}, "spec": spec}
    api("apply", "-f", "-", manifest=json.dumps(pod))
    bound = ("--bound-object-kind", "Pod", "--bound-object-name", "app", "--duration", "3600s")
    said = token(api, "shop", "backend", *bound)
    part = said.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert claims["kubernetes.io"]["pod"]["name"] == "app"
    assert claims["exp"] - claims["iat"] == 3600
    assert (models(entry, said), call(entry, said, "helpdesk-faq")) == (["helpdesk-faq"], 200)


def test_a_token_for_the_api_server_is_none_for_the_entry_and_the_other_way_round(
    api: Kubectl, entry: Entry, tmp_path: Path
) -> None:
    usual = api("-n", "shop", "create", "token", "backend").strip()
    assert call(entry, usual, "helpdesk-faq") == 403
    mine = token(api, "shop", "backend")
    asked = ("--token", mine, "auth", "whoami")
    refused = api.run(*asked, "--kubeconfig", str(_without_key(api, tmp_path)))
    assert refused.returncode != 0
    assert "Unauthorized" in refused.stderr or "must be logged in" in refused.stderr, refused.stderr


def test_a_token_for_longer_than_a_day_is_refused(api: Kubectl, entry: Entry) -> None:
    assert call(entry, token(api, "shop", "backend", "--duration", "86400s"), "helpdesk-faq") == 200
    assert call(entry, token(api, "shop", "backend", "--duration", "100h"), "helpdesk-faq") == 401


def _without_key(api: Kubectl, folder: Path) -> Path:
    """A kubeconfig that knows the server and nobody: certificates of a client would count before the token."""
    data = json.loads(api("config", "view", "--raw", "-o", "json"))
    data["users"] = [{"name": user["name"], "user": {}} for user in data["users"]]
    made = folder / "nobody.json"
    made.write_text(json.dumps(data))
    return made
