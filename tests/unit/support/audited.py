"""A cluster, a state and a server that are as Git declares them, for tests that then change one thing."""

from __future__ import annotations

import copy
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from infra.catalog import load_catalog
from infra.declared import Declared, DeclaredKitchen, declared
from infra.load import settings_from_file
from tests.support.quiet_server import QuietServer
from tools.local.workspace import REPOSITORY

SETTINGS = REPOSITORY / "Pulumi.dev.yaml"

Items = list[dict[str, Any]]


def as_declared() -> Declared:
    catalog = load_catalog()
    return declared(settings_from_file(SETTINGS, catalog), catalog)


def live(said: Declared) -> Items:
    """Every object of the kitchens as an API server would show it, with one running pod each."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for kitchen in said.kitchens:
        for entry in kitchen.objects():
            metadata = {"name": entry.name, "namespace": entry.namespace}
            found[entry.kind, entry.namespace, entry.name] = {
                "kind": entry.kind,
                "metadata": metadata,
                **copy.deepcopy(dict(entry.content)),
            }
        found["Job", kitchen.namespace, kitchen.load.name]["status"] = {"succeeded": 1}
        pod = pod_of(kitchen)
        found["Pod", kitchen.namespace, pod["metadata"]["name"]] = pod
    return list(found.values())


def pod_of(kitchen: DeclaredKitchen) -> dict[str, Any]:
    containers = copy.deepcopy(list(kitchen.containers.values()))
    for entry in containers:
        entry["imagePullPolicy"] = "IfNotPresent"
    volumes = list(copy.deepcopy(dict(kitchen.volumes)).values())
    statuses = [{"name": entry["name"], "imageID": entry["image"]} for entry in containers]
    key, value = kitchen.pod_label
    return {
        "kind": "Pod",
        "metadata": {"name": f"{kitchen.name}-1", "namespace": kitchen.namespace, "labels": {key: value}},
        "spec": {"containers": containers, "volumes": volumes, **copy.deepcopy(dict(kitchen.pod))},
        "status": {"phase": "Running", "containerStatuses": statuses},
    }


def exported(said: Declared) -> dict[str, Any]:
    """What `pulumi stack export` would write of the kitchens' objects."""
    groups = {"ConfigMap": "core/v1", "Job": "batch/v1", "ServingRuntime": "serving.kserve.io/v1alpha1"}
    resources = [
        {
            "urn": f"urn:pulumi:dev::kitchen::x::{kitchen.name}-{entry.name}",
            "type": f"kubernetes:{groups.get(entry.kind, 'serving.kserve.io/v1beta1')}:{entry.kind}",
            "inputs": {
                "kind": entry.kind,
                "metadata": {"name": entry.name, "namespace": entry.namespace, "annotations": {"a": "b"}},
                **copy.deepcopy(dict(entry.content)),
            },
        }
        for kitchen in said.kitchens
        for entry in kitchen.objects()
    ]
    return {"version": 3, "deployment": {"resources": resources}}


def one(items: Items, kind: str, name: str) -> dict[str, Any]:
    """The first object of a kind whose name starts so."""
    return next(entry for entry in items if entry["kind"] == kind and entry["metadata"]["name"].startswith(name))


KUBECTL = """#!{python}
import json, sys
from pathlib import Path
folder = Path(__file__).parent
words = sys.argv[1:]
assert words[0] == "get" and words[2] == "--namespace" and "-o" in words
plurals = {{"inferenceservices": "InferenceService", "servingruntimes": "ServingRuntime", "configmaps": "ConfigMap",
           "jobs": "Job", "pods": "Pod"}}
kinds = [plurals[word.split(".")[0]] for word in words[1].split(",")]
forbidden = json.loads((folder / "forbidden.json").read_text())
for kind in kinds:
    if kind in forbidden:
        sys.exit("warning: x\\nError from server (Forbidden): " + kind + " is forbidden")
items = [entry for entry in json.loads((folder / "items.json").read_text())
         if entry["kind"] in kinds and entry["metadata"]["namespace"] == words[3]]
print(json.dumps({{"kind": "List", "items": items}}))
"""
"""Stands for kubectl: it shows what lies beside it."""


def write_kubectl(folder: Path, python: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / "kubectl"
    path.write_text(KUBECTL.format(python=python))
    path.chmod(0o755)
    show(folder, [])


def show(folder: Path, items: Items, forbidden: tuple[str, ...] = ()) -> None:
    (folder / "items.json").write_text(json.dumps(items))
    (folder / "forbidden.json").write_text(json.dumps(forbidden))


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server(answer: Answer) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A real server on a loopback port; gives its address and the headers of every request, and ends with the test."""
    heard: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append({"path": self.path, **dict(self.headers.items())})
            answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    running = QuietServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_address[1]}", heard
    finally:
        running.shutdown()
        running.server_close()


def body(content: bytes, code: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def models(*names: str) -> Answer:
    listed = [{"id": name, "object": "model", "root": f"/mnt/{name}"} for name in names]
    return body(json.dumps({"object": "list", "data": listed}).encode())


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """Sends a byte now and then, and never comes to an end by itself."""
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(200):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        pass
