"""The mesh as istiod makes it of what is rendered: its own configuration decides, in Envoy, who comes through.

Everything that decides is real: the API server, istiod, Istio's agents with certificates that istiod has signed for
ServiceAccounts, and Envoys that get listeners, filter chains, clusters and rules over xDS. What is not as in a cluster:

- No kernel redirects connections to sidecars. A header (PROXY protocol) says where one went to, a listener filter reads
  it, and sidecars listen on the pod's address alone. An EnvoyFilter does that; it touches no filter chain.
- Workloads are WorkloadEntries with addresses of loopback, which Kubernetes takes for no pod. istiod leaves these out
  of headless Services, so that calls of the counter pass the sidecar's chain for all ports, which has the same rules.
- Filters that only Istio's own build of Envoy has are left out: metrics, names of peers, and protocols by ALPN. For the
  last one a filter of Envoy's own writes the name of the protocol.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.cluster.support.kubectl import eventually
from tests.istio.support.certificates import write
from tests.istio.support.mesh import SERVER_PORT, STATUS_PORT, Mesh
from tests.istio.support.wire import answer, get, open_from, status

SERVER = "support-pods.helpdesk-dev.svc.cluster.local"
ENTRY = "spiffe://cluster.local/ns/entry-dev/sa/entry"
OTHERS = ("visitor", "neighbour", "counter", "door")
"""Another account of another namespace, of the tenant's own, and of the entry's; and the ingress gateway."""


def call(mesh: Mesh, name: str, port: int = SERVER_PORT) -> int:
    """The status of a call to the server that a pod's program makes."""
    made = open_from(mesh.pods[name], mesh.at("server", port))
    return status(answer(made, get(SERVER if port == SERVER_PORT else "support")))


@pytest.fixture(autouse=True)
def nothing_seen(mesh: Mesh) -> None:
    mesh.forget()


def seen(mesh: Mesh) -> list[str]:
    return [path for (name, _), program in mesh.programs.items() if name == "server" for path in program.seen]


def test_the_entry_reaches_a_server_by_the_name_that_it_uses(mesh: Mesh) -> None:
    assert mesh.sidecars["entry"].identities() == [ENTRY]
    assert call(mesh, "entry") == 200
    assert seen(mesh) == ["/v1/models"]


@pytest.mark.parametrize("name", [name for name in OTHERS if name != "door"])
def test_nobody_else_does(mesh: Mesh, name: str) -> None:
    assert mesh.sidecars[name].identities() != [ENTRY]
    assert call(mesh, name) == 403
    assert seen(mesh) == []


def test_the_entry_reaches_no_other_port(mesh: Mesh) -> None:
    assert call(mesh, "entry", STATUS_PORT) in (0, 403, 503)
    assert seen(mesh) == []


def test_a_pod_that_is_gone_is_an_answer_of_the_sidecar(mesh: Mesh) -> None:
    """The entry's own connection stands, so that it does not try another pod: the runbook says so."""
    made = open_from(mesh.pods["entry"], mesh.at("neighbour", SERVER_PORT))
    assert status(answer(made, get(SERVER))) == 503


def over_tls(mesh: Mesh, certificate: tuple[Path, Path | None] | None) -> int:
    """The status of a call to the server by TLS of one's own, without a sidecar."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if certificate is not None:
        context.load_cert_chain(*certificate)
    try:
        with socket.create_connection(mesh.at("server", SERVER_PORT), timeout=20) as made:
            return status(answer(context.wrap_socket(made), get(SERVER)))
    except OSError:
        return 0


@pytest.mark.parametrize("name", ["door", "visitor", "neighbour"])
def test_a_certificate_of_the_mesh_is_not_enough(mesh: Mesh, name: str) -> None:
    """Without the mesh's own protocol names the sidecar reads no HTTP: the connection itself is refused."""
    assert over_tls(mesh, mesh.sidecars[name].certificate) == 0
    assert seen(mesh) == []
    assert over_tls(mesh, mesh.sidecars["entry"].certificate) == 200


def test_a_caller_without_a_certificate_of_the_mesh_is_refused(mesh: Mesh, tmp_path: Path) -> None:
    plain = socket.create_connection(mesh.at("server", SERVER_PORT), timeout=20)
    assert answer(plain, get(SERVER)) == b""
    assert over_tls(mesh, None) == 0
    forged = write(tmp_path / "forged.pem", x509.UniformResourceIdentifier(ENTRY))
    assert over_tls(mesh, (forged, None)) == 0
    assert seen(mesh) == []


def without(mesh: Mesh, documents: list[dict[str, Any]], kind: str) -> Iterator[None]:
    """For a while the tenant's namespace has no objects of a kind."""
    lost = [one for one in documents if one["kind"] == kind and one["metadata"]["namespace"] == "helpdesk-dev"]
    assert lost
    mesh.kubectl("delete", kind, "--all", "--namespace=helpdesk-dev")
    try:
        yield
    finally:
        mesh.apply(lost)


@pytest.fixture
def without_authorization(mesh: Mesh, documents: list[dict[str, Any]]) -> Iterator[None]:
    yield from without(mesh, documents, "AuthorizationPolicy")
    eventually(lambda: call(mesh, "visitor") == 403, "the visitor is refused again")


@pytest.fixture
def without_authentication(mesh: Mesh, documents: list[dict[str, Any]]) -> Iterator[None]:
    yield from without(mesh, documents, "PeerAuthentication")


def test_without_the_policies_everybody_of_the_mesh_comes_through(mesh: Mesh, without_authorization: None) -> None:
    """What refuses above are the rendered policies, and nothing that these tests do."""
    for name in ("visitor", "neighbour"):
        eventually(lambda name=name: call(mesh, name) == 200, f"{name} comes through")


def test_without_strict_authentication_a_plain_call_is_read(mesh: Mesh, without_authentication: None) -> None:
    """Then the rules alone refuse, and say so."""
    plain = lambda: status(answer(socket.create_connection(mesh.at("server", SERVER_PORT)), get(SERVER)))  # noqa: E731
    eventually(lambda: plain() == 403, "a plain call gets an answer")
