"""The door by the Gateway API: an HTTPRoute, and TLS from the Gateway on to the entry."""

from __future__ import annotations

from components.entry.doors.parts import PORT, PORT_NAME, SERVICE, Part, Way

_GROUP = "gateway.networking.k8s.io/v1"
AUTHORITY = "entry-authority"
"""ConfigMap with the authority of the entry's certificate."""


def gateway(way: Way, gateway_name: str, gateway_namespace: str, authority: str) -> list[Part]:
    """An HTTPRoute to the paths of the API alone, and the policy by which a Gateway checks the entry's certificate.

    TLS with callers, its certificate and its oldest version are the Gateway's listener's. A Gateway that does not know
    BackendTLSPolicy speaks plain HTTP, which the entry does not answer: nothing goes on in the clear.
    """
    matches = [{"path": {"type": "Exact", "value": path}} for path in way.paths]
    rule = {
        "matches": matches,
        "backendRefs": [{"name": SERVICE, "port": PORT, "weight": 100}],
        # A long answer takes minutes: the entry says when one has been silent for too long.
        "timeouts": {"request": "0s", "backendRequest": "0s"},
    }
    parent = {"name": gateway_name, "namespace": gateway_namespace}
    trust = [{"group": "", "kind": "ConfigMap", "name": AUTHORITY}]
    checked = {
        "targetRefs": [{"group": "", "kind": "Service", "name": SERVICE, "sectionName": PORT_NAME}],
        "validation": {"hostname": way.certified, "caCertificateRefs": trust},
    }
    spec = {"parentRefs": [parent], "hostnames": [way.host], "rules": [rule]}
    return [
        Part(api_version="v1", kind="ConfigMap", name=AUTHORITY, fields={"data": {"ca.crt": authority}}),
        Part(api_version=_GROUP, kind="BackendTLSPolicy", name=SERVICE, fields={"spec": checked}),
        Part(api_version=_GROUP, kind="HTTPRoute", name=SERVICE, fields={"spec": spec}),
    ]
