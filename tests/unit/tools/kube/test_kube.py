"""Lists of many kinds, what may not be read, pages, and that a Secret's content is never asked for."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.kube import Kind, Kube, KubeError, through_kubectl

SECRET, QUOTA, NAMESPACE = Kind("v1", "Secret"), Kind("v1", "ResourceQuota"), Kind("v1", "Namespace")
SERVICE = Kind("serving.kserve.io/v1beta1", "InferenceService")
RESOURCES = {
    "/api/v1": [
        ("secrets", "Secret", True),
        ("resourcequotas", "ResourceQuota", True),
        ("namespaces", "Namespace", False),
        ("namespaces/status", "Namespace", False),
    ],
}


class Server:
    """Answers what it was given, and forbids or lacks everything else as an API server does."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str, str]] = []

    def request(self, method: str, path: str, body: bytes | None = None, **how: Any) -> tuple[int, bytes]:
        self.asked.append((method, path, how["accept"]))
        plain = path.partition("?")[0]
        if plain in RESOURCES:
            rows = [{"name": name, "kind": kind, "namespaced": inside} for name, kind, inside in RESOURCES[plain]]
            return 200, json.dumps({"resources": rows}).encode()
        found = self.answers.get(path, self.answers.get(plain))
        if found is None:
            return 404, json.dumps({"message": f"{plain} not found"}).encode()
        if isinstance(found, int):
            return found, json.dumps({"message": f"{plain}: no"}).encode()
        return 200, json.dumps(found).encode()


def named(*names: str) -> dict[str, Any]:
    return {"items": [{"metadata": {"name": name}} for name in names]}


def names(listing: Any) -> list[tuple[str, str]]:
    return [(str(kind), entry["metadata"]["name"]) for kind, entry in listing.objects]


def test_every_kind_is_one_request_with_the_labels() -> None:
    server = Server({"/api/v1/secrets": named("key"), "/api/v1/resourcequotas": named("quota")})
    found = Kube(server).listing([SECRET, QUOTA], selector={"a": "b", "c": "d"})
    assert sorted(names(found)) == [("ResourceQuota", "quota"), ("Secret", "key")]
    lists = sorted(path for _, path, _ in server.asked if "?" in path)
    assert lists == [f"/api/v1/{kind}?labelSelector=a%3Db%2Cc%3Dd&limit=500" for kind in ("resourcequotas", "secrets")]


def test_of_a_secret_the_metadata_alone_is_asked_for() -> None:
    server = Server(
        {"/api/v1/secrets": named("key"), "/api/v1/namespaces/a/secrets/key": {"metadata": {"name": "key"}}}
    )
    kube = Kube(server)
    kube.listing([SECRET])
    kube.get(SECRET, "a", "key")
    accepted = [accept for _, path, accept in server.asked if "secrets" in path]
    assert accepted == [
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
        "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    ]


def test_pages_are_read_to_the_end() -> None:
    first = {**named("a"), "metadata": {"continue": "next"}}
    server = Server({"/api/v1/secrets?limit=500": first, "/api/v1/secrets?limit=500&continue=next": named("b")})
    assert names(Kube(server).listing([SECRET])) == [("Secret", "a"), ("Secret", "b")]


def test_a_server_that_never_ends_a_list_is_told() -> None:
    again = {**named("a"), "metadata": {"continue": "next"}}
    found = Kube(Server({"/api/v1/secrets": again})).listing([SECRET])
    assert found.unread == {SECRET: "listing Secret: the server sends the same page again and again"}


@pytest.mark.parametrize("items", ["abc", [1], [None], [{}], [{"metadata": {}}], [{"metadata": {"name": 1}}]])
def test_what_holds_no_objects_is_no_list(items: Any) -> None:
    found = Kube(Server({"/api/v1/secrets": {"items": items}})).listing([SECRET])
    assert found.unread == {SECRET: "listing Secret: the answer is no list of objects"}


def test_groups_without_versions_are_no_answer() -> None:
    with pytest.raises(KubeError, match="no list of groups"):
        Kube(Server({"/apis": {"groups": [{"name": "x"}]}})).kinds()


def test_who_may_not_list_everywhere_is_shown_the_namespaces() -> None:
    server = Server(
        {"/api/v1/secrets": 403, "/api/v1/namespaces/a/secrets": named("x"), "/api/v1/namespaces/b/secrets": named()}
    )
    found = Kube(server).listing([SECRET], namespaces=["a", "b"])
    assert (names(found), found.unread) == ([("Secret", "x")], {})


def test_a_kind_that_is_forbidden_or_not_served_is_named_and_hides_no_other() -> None:
    server = Server({"/api/v1/secrets": 403, "/api/v1/namespaces/a/secrets": 403, "/api/v1/namespaces": 500,
                     "/api/v1/resourcequotas": named("quota")})  # fmt: skip
    found = Kube(server).listing([SECRET, QUOTA, NAMESPACE, SERVICE], namespaces=["a"])
    assert names(found) == [("ResourceQuota", "quota")]
    assert found.unread == {
        SECRET: "listing Secret: 403: /api/v1/namespaces/a/secrets: no",
        NAMESPACE: "listing Namespace: 500: /api/v1/namespaces: no",
        SERVICE: "the cluster serves no InferenceService of serving.kserve.io/v1beta1",
    }


def kinds(*named: tuple[str, str]) -> dict[str, Any]:
    rows = [{"name": plural, "kind": kind, "namespaced": True, "verbs": ["list"]} for plural, kind in named]
    return {"resources": rows}


def group(name: str, *versions: str) -> dict[str, Any]:
    told = [{"groupVersion": f"{name}/{version}"} for version in versions]
    return {"name": name, "versions": told, "preferredVersion": told[0]}


def test_a_kind_that_only_another_version_than_the_preferred_one_has_is_found() -> None:
    """As ServingRuntimes of KServe, EnvoyFilters of Istio, ReferenceGrants of the Gateway API."""
    server = Server(
        {
            "/apis": {"groups": [group("serving.kserve.io", "v1beta1", "v1alpha1"), group("a.example.com", "v1")]},
            "/apis/serving.kserve.io/v1beta1": kinds(("inferenceservices", "InferenceService")),
            "/apis/serving.kserve.io/v1alpha1": kinds(
                ("inferenceservices", "InferenceService"), ("servingruntimes", "ServingRuntime")
            ),
            "/apis/a.example.com/v1": 503,
        }
    )
    server.answers["/apis"]["groups"].append(group("gone.example.com", "v1"))
    found, silent = Kube(server).kinds()
    assert set(found) == {Kind("serving.kserve.io/v1alpha1", "ServingRuntime"), SERVICE}
    assert silent == [
        "the kinds of a.example.com/v1: 503: /apis/a.example.com/v1: no",
        "the kinds of gone.example.com/v1: 404: /apis/gone.example.com/v1 not found",
    ]


@pytest.mark.parametrize("answer", [{}, {"message": "please sign in"}, {"kind": "Status"}])
def test_an_answer_that_is_no_list_is_not_an_empty_one(answer: dict[str, Any]) -> None:
    kube = Kube(Server({"/apis": answer, "/api/v1/secrets": answer, "/api/v1/namespaces/a/secrets": answer}))
    assert list(kube.listing([SECRET]).unread) == [SECRET]
    (said,) = kube.metadata([(SECRET, "a")])
    assert str(said).startswith("listing Secret: 200: ")
    with pytest.raises(KubeError, match="the API groups: 200: "):
        kube.kinds()


def test_one_object_is_there_or_not_or_may_not_be_read() -> None:
    server = Server({"/api/v1/namespaces/a/resourcequotas/quota": {"metadata": {"name": "quota"}},
                     "/api/v1/namespaces/b/resourcequotas/quota": 403})  # fmt: skip
    there, gone, hidden = Kube(server).get_all([(QUOTA, "a", "quota"), (QUOTA, "c", "quota"), (QUOTA, "b", "quota")])
    assert there == {"metadata": {"name": "quota"}}
    assert gone is None
    assert isinstance(hidden, KubeError)


def test_an_answer_that_is_no_json_is_an_error_with_its_words() -> None:
    class Broken(Server):
        def request(self, method: str, path: str, body: bytes | None = None, **how: Any) -> tuple[int, bytes]:
            return 502, b"bad gateway"

    with pytest.raises(KubeError, match="the kinds of v1: 502: bad gateway"):
        Kube(Broken({})).listing([SECRET])


def kubectl(folder: Path, body: str) -> str:
    """A stand-in for kubectl."""
    path = folder / "kubectl"
    path.write_text(f"#!{sys.executable}\n{body}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


SERVES = """
import os, socketserver, sys
from http.server import BaseHTTPRequestHandler
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        mode = oct(os.stat(os.path.dirname(place)).st_mode)[-3:]
        text = " ".join([self.path, sys.argv[-1], mode]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def address_string(self): return ""
    def log_message(self, *words): pass
place = next(word for word in sys.argv if word.startswith("--unix-socket=")).partition("=")[2]
server = socketserver.UnixStreamServer(place, Handler)
print("Starting to serve on", place, flush=True)
server.serve_forever()
"""


def test_kubectl_carries_the_requests_through_a_socket_that_nobody_else_can_open(tmp_path: Path) -> None:
    with through_kubectl("prod", kubectl(tmp_path, SERVES)) as way:
        assert way.request("GET", "/api") == (200, b"/api --context=prod 700")
        assert way.request("GET", "/apis") == (200, b"/apis --context=prod 700")


def test_a_kubectl_that_cannot_sign_in_is_told_in_its_own_words(tmp_path: Path) -> None:
    broken = kubectl(tmp_path, "import sys; sys.exit('error: context \"prod\" does not exist')")
    with pytest.raises(KubeError, match='kubectl: error: context "prod" does not exist'), through_kubectl(None, broken):
        pass


def test_without_kubectl_that_is_what_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(KubeError, match="cannot be started: No such file"),
        through_kubectl(None, str(tmp_path / "none")),
    ):
        pass
