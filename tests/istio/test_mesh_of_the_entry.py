"""The mesh around the entry, as istiod makes it: the door leads there, and the entry reaches its counter."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from components.entry.envoy.limits import COUNTER
from tests.cluster.support.kubectl import eventually
from tests.istio.support.mesh import COUNTER_PORT, DOOR_PORT, ENTRY_PORT, HOST, VALKEY_PORT, Mesh
from tests.istio.support.wire import Outgoing, answer, get, open_from, status

QUESTION = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit"


@pytest.fixture(autouse=True)
def nothing_seen(mesh: Mesh) -> None:
    mesh.forget()


def service(mesh: Mesh, name: str) -> str:
    """The address of a Service in the entry's namespace, to which sidecars of the mesh speak mTLS."""
    found: str = mesh.kubectl.get("-n", "entry-dev", "service", name)["spec"]["clusterIP"]
    return found


def over_tls(made: socket.socket, name: str, authority: Path) -> int:
    """The status of a call over TLS, by which the other side proves that it is `name`; 0 is none."""
    context = ssl.create_default_context(cafile=str(authority))
    try:
        return status(answer(context.wrap_socket(made, server_hostname=name), get(name)))
    except OSError:
        return 0


def test_the_door_leads_callers_to_the_entry_itself(mesh: Mesh) -> None:
    """TLS of callers ends in the entry, whose certificate they see, and the mesh's own TLS is around it."""

    def call() -> int:
        return over_tls(socket.create_connection(mesh.at("door", DOOR_PORT), timeout=20), HOST, mesh.certificate)

    eventually(lambda: call() == 200, "the door leads to the entry")
    assert set(mesh.programs["entry", ENTRY_PORT].seen) == {"/v1/models"}


def test_the_door_leads_to_no_other_name(mesh: Mesh) -> None:
    made = socket.create_connection(mesh.at("door", DOOR_PORT), timeout=20)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with pytest.raises(OSError, match=r"."):
        context.wrap_socket(made, server_hostname="other.kitchen.example")


@pytest.mark.parametrize("name", ["visitor", "server", "counter"])
def test_nobody_else_reaches_the_entry(mesh: Mesh, name: str) -> None:
    made = open_from(mesh.pods[name], (service(mesh, "entry"), 443))
    assert over_tls(made, HOST, mesh.certificate) == 0
    assert mesh.programs["entry", ENTRY_PORT].seen == []


@contextmanager
def asked(mesh: Mesh, name: str) -> Iterator[bytes]:
    """What the counter answers a pod's program, which names it as Envoy does: by the name of its cluster.

    Other namespaces know it by its whole name alone; by another one a sidecar would speak no mTLS.
    """
    whole = f"{COUNTER}.entry-dev.svc.cluster.local"
    authority = COUNTER if mesh.pods[name].namespace == "entry-dev" else whole
    with Outgoing(mesh.pods[name], mesh.at("counter", COUNTER_PORT)) as (address, port):
        channel = grpc.insecure_channel(f"{address}:{port}", options=[("grpc.default_authority", authority)])
        with channel:
            yield channel.unary_unary(QUESTION)(b"asked", timeout=20)


def test_the_entry_asks_the_counter(mesh: Mesh) -> None:
    with asked(mesh, "entry") as said:
        assert said == b"asked"
    assert mesh.programs["counter", COUNTER_PORT].seen == [QUESTION]


@pytest.mark.parametrize("name", ["visitor", "server", "valkey"])
def test_nobody_else_asks_the_counter(mesh: Mesh, name: str) -> None:
    with pytest.raises(grpc.RpcError) as refused, asked(mesh, name):
        pass
    assert refused.value.code() in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAVAILABLE)
    assert mesh.programs["counter", COUNTER_PORT].seen == []


def numbers(mesh: Mesh, name: str) -> bytes:
    """What the store of numbers answers a pod's program, which goes to the address of its Service."""
    made = open_from(mesh.pods[name], (service(mesh, "counter-valkey"), VALKEY_PORT))
    return answer(made, b"PING\r\n")


def test_the_counter_reaches_its_numbers(mesh: Mesh) -> None:
    eventually(lambda: numbers(mesh, "counter") == b"PING\r\n", "the counter reaches its numbers")


@pytest.mark.parametrize("name", ["entry", "visitor", "server"])
def test_nobody_else_reaches_the_numbers(mesh: Mesh, name: str) -> None:
    assert numbers(mesh, name) == b""
    assert mesh.programs["valkey", VALKEY_PORT].seen == []
