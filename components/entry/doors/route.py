"""The door on OpenShift: a Route, whose TLS ends at the router and begins anew, or ends in the entry alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.entry.doors.parts import PORT_NAME, SERVICE, SILENCE_SECONDS, Part, Way

REENCRYPT, PASSTHROUGH = "reencrypt", "passthrough"
_ROUTER = "haproxy.router.openshift.io"


def route(way: Way, sources: Sequence[str], authority: str | None) -> list[Part]:
    """A Route for callers of the networks `sources`.

    With `authority` (PEM) the router ends TLS with its own certificate and checks the entry's by that authority: it
    tells the caller's address. Without it TLS ends in the entry, and the router sees neither prompt nor token.
    Raises ValueError without networks.
    """
    if not sources:
        raise ValueError("sources: missing; rule: a Route names the networks that may call; example: 10.0.0.0/8")
    tls: dict[str, Any] = {"termination": PASSTHROUGH, "insecureEdgeTerminationPolicy": "None"}
    annotations = {
        # Older routers know the second name alone, and a name that a router does not know lets everybody in.
        f"{_ROUTER}/ip_allowlist": " ".join(sources),
        f"{_ROUTER}/ip_whitelist": " ".join(sources),
        f"{_ROUTER}/timeout": f"{SILENCE_SECONDS}s",
        f"{_ROUTER}/timeout-tunnel": f"{SILENCE_SECONDS}s",
        # A caller that comes back goes to whichever pod has the fewest calls: the entry keeps nothing about callers.
        f"{_ROUTER}/balance": "leastconn",
        f"{_ROUTER}/disable_cookies": "true",
    }
    if authority is not None:
        tls = {**tls, "termination": REENCRYPT, "destinationCACertificate": authority}
        annotations[f"{_ROUTER}/set-forwarded-headers"] = "append"
    spec = {
        "host": way.host,
        "to": {"kind": "Service", "name": SERVICE, "weight": 100},
        "port": {"targetPort": PORT_NAME},
        "tls": tls,
        "wildcardPolicy": "None",
    }
    return [
        Part(
            api_version="route.openshift.io/v1",
            kind="Route",
            name=SERVICE,
            annotations=annotations,
            fields={"spec": spec},
        )
    ]
