"""The real API server with the rendered audit policy: what a change leaves in its log, and no data of Secrets."""

from __future__ import annotations

import json
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.__main__ import main
from tests.support.lines import json_lines
from tests.support.ports import free_ports
from tools.cluster import certificates
from tools.local.workspace import REPOSITORY
from tools.toolchain import binary

CANARY = "c4n4ry-of-a-secret"
TOKEN = "token-of-the-test"
MACHINERY = {"node": "system:nodes", "controller": "system:serviceaccounts:kube-system"}
"""Users whose reads are dropped, with their group; the token of each is its name."""
PLACE = "/api/v1/namespaces/helpdesk-dev"
SERVING = "/apis/serving.kserve.io/v1beta1/namespaces/helpdesk-dev/inferenceservices"
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {
        "name": "inferenceservices.serving.kserve.io",
        "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
    },
    "spec": {
        "group": "serving.kserve.io",
        "names": {"kind": "InferenceService", "plural": "inferenceservices", "singular": "inferenceservice"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1beta1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                },
            }
        ],
    },
}


class Server:
    """An etcd and an API server, nothing else."""

    def __init__(self, folder: Path, policy: Path) -> None:
        self.log, pki = folder / "audit.log", folder / "pki"
        pki.mkdir()
        certificates.make(pki)
        rows = [f'{name},{name},{name},"system:masters,{group}"' for name, group in MACHINERY.items()]
        (folder / "tokens.csv").write_text("\n".join([f'{TOKEN},ana,ana,"system:masters"', *rows, ""]))
        client, peer, api = free_ports(3)
        self._url = f"https://127.0.0.1:{api}"
        urls = [f"http://127.0.0.1:{port}" for port in (client, peer)]
        self._argv = [
            [
                str(binary("etcd")),
                *(f"--data-dir={folder / 'etcd'}", "--unsafe-no-fsync", "--log-level=error"),
                *(f"--listen-client-urls={urls[0]}", f"--advertise-client-urls={urls[0]}"),
                *(f"--listen-peer-urls={urls[1]}", f"--initial-advertise-peer-urls={urls[1]}"),
                f"--initial-cluster=default={urls[1]}",
            ],
            [
                str(binary("kube-apiserver")),
                *(f"--etcd-servers={urls[0]}", "--bind-address=127.0.0.1", f"--secure-port={api}"),
                *(f"--tls-cert-file={pki / 'server.crt'}", f"--tls-private-key-file={pki / 'server.key'}"),
                *(f"--token-auth-file={folder / 'tokens.csv'}", "--authorization-mode=RBAC"),
                *("--service-cluster-ip-range=10.96.0.0/16", "--endpoint-reconciler-type=none"),
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-key-file={pki / 'service-account.key'}",
                f"--service-account-signing-key-file={pki / 'service-account.key'}",
                *(f"--audit-policy-file={policy}", f"--audit-log-path={self.log}", "--audit-log-mode=blocking-strict"),
            ],
        ]
        self._out, self._running = folder / "out.log", []

    def start(self) -> None:
        for argv in self._argv:
            with self._out.open("ab") as out:
                self._running.append(subprocess.Popen(argv, stdout=out, stderr=out))
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self._running[-1].poll() is None:
            try:
                self.ask("GET", "/readyz")
                return
            except OSError:
                time.sleep(0.3)
        raise AssertionError(self._out.read_text()[-3000:])

    def stop(self) -> None:
        for process in reversed(self._running):
            process.terminate()
            process.wait(120)

    def ask(
        self, method: str, path: str, body: Any = None, kind: str = "application/json", token: str = TOKEN
    ) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        request = urllib.request.Request(self._url + path, data, headers, method=method)  # noqa: S310 - loopback
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        with urllib.request.urlopen(request, timeout=120, context=trust) as answer:  # noqa: S310 - loopback
            found: bytes = answer.read()
            return found

    def entries(self, verb: str, path: str) -> list[dict[str, Any]]:
        return [
            line for line in json_lines(self.log) if line["verb"] == verb and line["requestURI"].split("?")[0] == path
        ]


@pytest.fixture
def server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Server]:
    assert main(["audit-policy", "--settings", str(REPOSITORY / "Pulumi.dev.yaml"), "--form", "kubernetes"]) == 0
    policy = tmp_path / "audit-policy.yaml"
    policy.write_text(capsys.readouterr().out)
    made = Server(tmp_path, policy)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def created(server: Server, path: str, body: dict[str, Any], seconds: float = 120) -> None:
    """Once the API knows the kind."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            server.ask("POST", path, body)
            return
        except urllib.error.HTTPError as error:
            if error.code != 404 or time.monotonic() > deadline:
                raise AssertionError(error.read()) from None
            time.sleep(0.3)


def test_changes_have_bodies_and_secrets_have_none(server: Server) -> None:
    for name in ("helpdesk-dev", "elsewhere"):
        server.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    server.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", CRD)
    service = {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": {"name": "support"}}
    created(server, SERVING, {**service, "spec": {"replicas": 1}})
    merge = "application/merge-patch+json"
    server.ask("PATCH", f"{SERVING}/support", {"spec": {"replicas": 2}}, merge)
    server.ask("PATCH", f"{SERVING}/support/status", {"status": {"ready": True}}, merge)
    server.ask("GET", f"{SERVING}/support")
    for kind in ("secrets", "configmaps"):
        for place in (PLACE, "/api/v1/namespaces/elsewhere"):
            text = {"stringData" if kind == "secrets" else "data": {"key": CANARY}}
            server.ask("POST", f"{place}/{kind}", {"metadata": {"name": "s"}, **text})
            server.ask("PATCH", f"{place}/{kind}/s", text, merge)
            server.ask("GET", f"{place}/{kind}/s")
            server.ask("GET", f"{place}/{kind}")
    server.ask(
        "POST", "/api/v1/namespaces/elsewhere/services", {"metadata": {"name": "x"}, "spec": {"ports": [{"port": 1}]}}
    )
    rights = {"metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}
    server.ask("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", rights)

    (change,) = server.entries("patch", f"{SERVING}/support")
    assert (change["level"], change["user"]["username"]) == ("RequestResponse", "ana")
    assert change["requestObject"] == {"spec": {"replicas": 2}}
    assert change["responseObject"]["spec"] == {"replicas": 2}
    assert "managedFields" not in change["responseObject"]["metadata"]
    assert [line["level"] for line in server.entries("patch", f"{SERVING}/support/status")] == ["Metadata"]
    assert [line["level"] for line in server.entries("get", f"{SERVING}/support")] == ["Metadata"]
    # The API server makes its own roles at the start, by the same rule.
    made = server.entries("create", "/apis/rbac.authorization.k8s.io/v1/clusterroles")
    (right,) = [line for line in made if line["user"]["username"] == "ana"]
    assert right["requestObject"]["rules"] == rights["rules"]
    for kind in ("secrets", "configmaps"):
        for verb, path in (("create", ""), ("patch", "/s"), ("get", "/s"), ("list", "")):
            (line,) = server.entries(verb, f"{PLACE}/{kind}{path}")
            assert line["level"] == "Metadata"
            assert line["user"]["username"] == "ana"
    assert [line["level"] for line in server.entries("create", "/api/v1/namespaces/elsewhere/services")] == ["Metadata"]
    assert server.entries("get", "/readyz") == []
    text = server.log.read_text()
    assert CANARY not in text
    assert "YzRuNHJ5" not in text, "nor as base64"
    assert TOKEN not in text


@pytest.mark.parametrize("who", MACHINERY)
def test_reads_of_secrets_by_nodes_and_controllers_are_told_and_other_reads_of_theirs_are_not(
    server: Server, who: str
) -> None:
    server.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "helpdesk-dev"}})
    for kind in ("secrets", "configmaps"):
        text = {"stringData" if kind == "secrets" else "data": {"key": CANARY}}
        server.ask("POST", f"{PLACE}/{kind}", {"metadata": {"name": "s"}, **text})
        for path in ("/s", ""):
            server.ask("GET", f"{PLACE}/{kind}{path}", token=who)
    server.ask("GET", f"{PLACE}/pods", token=who)
    for verb, path in (("get", "/s"), ("list", "")):
        (line,) = server.entries(verb, f"{PLACE}/secrets{path}")
        assert (line["level"], line["user"]["username"]) == ("Metadata", who)
        assert server.entries(verb, f"{PLACE}/configmaps{path}") == []
    assert server.entries("list", f"{PLACE}/pods") == []
    assert CANARY not in server.log.read_text()


def test_the_policy_follows_the_settings_and_openshift_has_its_own_form(capsys: pytest.CaptureFixture[str]) -> None:
    settings = str(REPOSITORY / "Pulumi.dev.yaml")
    assert main(["audit-policy", "--settings", settings]) == 0
    made = yaml.safe_load(capsys.readouterr().out)
    places = {name for rule in made["rules"] for name in rule.get("namespaces", [])}
    assert {"helpdesk-dev", "sales-dev"} <= places
    assert main(["audit-policy", "--settings", settings, "--form", "openshift"]) == 0
    other = yaml.safe_load(capsys.readouterr().out)
    assert (other["kind"], other["spec"]["audit"]["profile"]) == ("APIServer", "Default")
    assert main(["audit-policy", "--settings", "/nowhere/Pulumi.x.yaml"]) == 2
    assert len(capsys.readouterr().err.splitlines()) <= 2
