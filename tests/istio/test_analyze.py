"""Istio's own analyzer over everything that an environment behind Istio's door is: it has nothing to say."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.toolchain import binary

Change = Callable[[dict[str, Any]], None]


def found(folder: Path) -> str:
    """What the analyzer finds in the files below a folder, hints too; empty where it finds nothing."""
    command = [
        str(binary("istioctl")),
        "analyze",
        "--use-kube=false",
        "--all-namespaces",
        "--failure-threshold",
        "Info",
    ]
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr if done.returncode else ""


@pytest.fixture(scope="module")
def rendered(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment, and the ingress gateway's pods as Istio's installation makes them."""
    folder = Path(shutil.copytree(files, tmp_path_factory.mktemp("analyzed") / "files"))
    labels = {"istio": "ingressgateway"}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "istio-ingressgateway", "namespace": "istio-system", "labels": labels},
        "spec": {
            "serviceAccountName": "istio-ingressgateway-service-account",
            "containers": [{"name": "istio-proxy", "image": "registry.kitchen.example/istio/proxyv2:1.31.0"}],
        },
    }
    (folder / "ingress-gateway.yaml").write_text(yaml.safe_dump(pod))
    return folder


def change(folder: Path, kind: str, how: Change) -> None:
    """Change every object of a kind in the files below a folder."""
    changed = 0
    for path in folder.rglob("*.yaml"):
        content = yaml.safe_load(path.read_text())
        if content["kind"] == kind:
            how(content)
            path.write_text(yaml.safe_dump(content))
            changed += 1
    assert changed, kind


def test_the_analyzer_has_nothing_to_say(rendered: Path) -> None:
    kinds = {yaml.safe_load(path.read_text())["kind"] for path in rendered.rglob("*.yaml")}
    assert {path.stem for path in rendered.rglob("*.yaml") if "allow-counter" in path.read_text()}
    assert {"Gateway", "VirtualService", "PeerAuthentication", "AuthorizationPolicy", "Deployment"} <= kinds
    assert found(rendered) == ""


def _no_such_gateway(content: dict[str, Any]) -> None:
    content["spec"]["gateways"] = ["other"]


def _no_such_mode(content: dict[str, Any]) -> None:
    content["spec"]["mtls"]["mode"] = "STRONG"


def _no_such_field(content: dict[str, Any]) -> None:
    content["spec"]["rules"] = [{"from": [{"source": {"principal": ["cluster.local/ns/entry-dev/sa/entry"]}}]}]


def _no_host(content: dict[str, Any]) -> None:
    content["spec"]["tls"][0]["match"][0]["sniHosts"] = []


WRONG: dict[str, tuple[str, Change, str]] = {
    "a gateway that is not there": ("VirtualService", _no_such_gateway, "IST0101"),
    "a match without a host": ("VirtualService", _no_host, "IST0106"),
    "a mode that is none": ("PeerAuthentication", _no_such_mode, "STRONG"),
    "a field that is none": ("AuthorizationPolicy", _no_such_field, "IST0106"),
}


@pytest.mark.parametrize(("kind", "how", "what"), WRONG.values(), ids=WRONG)
def test_the_analyzer_sees_what_is_wrong(kind: str, how: Change, what: str, rendered: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(rendered, tmp_path / "files"))
    change(copy, kind, how)
    assert what in found(copy)
