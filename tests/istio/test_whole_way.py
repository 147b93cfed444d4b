"""A call on its whole way: the door, the entry's sidecar, the entry itself, and the sidecars before a server."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cluster.support.kubectl import eventually
from tests.entry.support.callers import request
from tests.entry.support.plan import CHAT
from tests.entry.support.tokens import Providers
from tests.istio.support.mesh import DOOR_PORT, ENTRY_PORT, HOST, SERVER_PORT, Mesh
from tests.istio.support.names import Names
from tests.istio.support.programs import Server
from tests.istio.support.real_entry import EntryInMesh
from tests.istio.support.wire import Outgoing, answer, status

SERVER = "support-pods.helpdesk-dev.svc.cluster.local"


@pytest.fixture(scope="module")
def providers() -> Providers:
    return Providers()


@pytest.fixture(scope="module")
def entry(mesh: Mesh, providers: Providers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EntryInMesh]:
    """The entry in place of the program that stands for it; what it opens to the server goes to its sidecar."""
    pod, place = mesh.pods["entry"], ("entry", ENTRY_PORT)
    mesh.programs[place].stop()
    with ExitStack() as stack:
        stack.enter_context(Outgoing(pod, mesh.at("server", SERVER_PORT), SERVER_PORT))
        names = Names(pod.inside, {SERVER: pod.inside})
        stack.callback(names.stop)
        folder = tmp_path_factory.mktemp("entry")
        made = EntryInMesh(folder, providers, pod, host=SERVER, names=names, certificate=mesh.certificate)
        stack.callback(made.stop)
        made.start()
        yield made
    mesh.programs[place] = Server((pod.inside, ENTRY_PORT), mesh.certificate)


def call(mesh: Mesh, token: str, authority: Path) -> bytes:
    """What a caller outside the cluster is answered."""
    context = ssl.create_default_context(cafile=str(authority))
    body = json.dumps({"model": "helpdesk-faq", "messages": [{"role": "user", "content": "hello"}]}).encode()
    told = (("authorization", f"Bearer {token}"), ("content-type", "application/json"), ("connection", "close"))
    try:
        made = socket.create_connection(mesh.at("door", DOOR_PORT), timeout=20)
        return answer(
            context.wrap_socket(made, server_hostname=HOST), request("POST", CHAT, (("host", HOST), *told), body)
        )
    except OSError:
        return b""


def test_a_call_goes_through_the_mesh_to_a_server(mesh: Mesh, entry: EntryInMesh, providers: Providers) -> None:
    token = providers.of_idp(groups=["helpdesk"])
    eventually(lambda: status(call(mesh, token, mesh.certificate)) == 200, "a call is answered")
    mesh.forget()
    assert status(call(mesh, token, mesh.certificate)) == 200
    assert mesh.programs["server", SERVER_PORT].seen == [CHAT]
    last = entry.records(2)[-1]
    assert (last["decision"], last["model"], last["status"]) == ("allowed", "helpdesk-faq", 200)
    assert last["address"] == "127.0.0.6", "of callers the record knows the sidecar alone, as the runbook says"


def test_the_mesh_decides_nothing_that_is_the_entrys(mesh: Mesh, entry: EntryInMesh, providers: Providers) -> None:
    eventually(lambda: status(call(mesh, "none", mesh.certificate)) == 401, "a call without a token is refused")
    mesh.forget()
    assert status(call(mesh, providers.of_idp(groups=["legal"]), mesh.certificate)) == 403
    assert mesh.programs["server", SERVER_PORT].seen == []
