"""Where calls go: servers, the check of bodies, the counter, and issuers whose keys are fetched."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from components.entry.envoy.contents import CLUSTER as CONTENTS
from components.entry.envoy.limits import COUNTER
from components.entry.envoy.routes import CHECK
from components.entry.envoy.shares import cluster_of, share_of
from components.entry.envoy.words import address, typed
from components.entry.plan import EntryPlan, Grant, Issuer, Server

_MOST = 10000
"""Connections, requests and retries at once to one cluster: vLLM itself queues, and the limits of callers hold before.

Envoy's own number of retries is 3: of calls that meet a server that has just gone, the others would be told of a share.
"""


def clusters(plan: EntryPlan) -> list[dict[str, Any]]:
    """Every cluster, servers once each however many grants lead to them."""
    servers = {cluster_of(server, grant): (server, grant) for grant in plan.grants for server in grant.servers}
    made = [_beside(CHECK, plan.ports.check), *(_server(plan, *pair) for pair in servers.values())]
    if plan.contents:
        made.append(_beside(CONTENTS, plan.ports.contents))
    if plan.counter == "shared":
        counter = _cluster(COUNTER, plan.counter_host or "127.0.0.1", plan.counter_port)
        made.append({**counter, **_WATCHED, **_protocol(http2=True)})
    return made + [_issuer(issuer, plan.ca_file) for issuer in plan.issuers if issuer.jwks_url is not None]


def buffer_bytes(plan: EntryPlan) -> int:
    """What a connection may hold in memory: a whole body, and Envoy's own megabyte at least."""
    return max(1048576, plan.body_kib * 1024 + 65536)


def _beside(name: str, port: int) -> dict[str, Any]:
    """A program in the same pod; it closes a connection that was idle for five minutes."""
    return {**_cluster(name, "127.0.0.1", port), **_protocol(idle_timeout="60s")}


def _cluster(name: str, host: str, port: int, most_requests: int = _MOST) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": address(host, port)}}
    most = {
        "max_connections": _MOST,
        "max_pending_requests": _MOST,
        "max_requests": most_requests,
        "max_retries": _MOST,
    }
    return {
        "name": name,
        "connect_timeout": "2s",
        "type": "STRICT_DNS",
        "dns_lookup_family": "ALL",
        "lb_policy": "LEAST_REQUEST",
        "circuit_breakers": {"thresholds": [most]},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _server(plan: EntryPlan, server: Server, grant: Grant) -> dict[str, Any]:
    facts = {"filter_metadata": {"kitchen": {"kitchen": server.name, **server.facts, "server": server.name}}}
    made = _cluster(cluster_of(server, grant), server.host, server.port, share_of(server, grant) or _MOST)
    # vLLM closes a connection that was idle for 5 seconds: a call must not be sent over it at that moment.
    # A prompt is held whole while it is recorded.
    room = {"per_connection_buffer_limit_bytes": buffer_bytes(plan)} if plan.contents else {}
    return {**made, **_protocol(idle_timeout="4s"), **room, "metadata": facts}


def _issuer(issuer: Issuer, ca_file: str) -> dict[str, Any]:
    parts = urlsplit(str(issuer.jwks_url))
    secure = parts.scheme == "https"
    made = _cluster(f"issuer-{issuer.name}", str(parts.hostname), parts.port or (443 if secure else 80))
    if not secure:
        return made
    trust = {"trusted_ca": {"filename": ca_file}}
    checked = typed("extensions.transport_sockets.tls.v3.UpstreamTlsContext", sni=parts.hostname)
    names = [{"san_type": "DNS", "matcher": {"exact": parts.hostname}}]
    checked["common_tls_context"] = {"validation_context": {**trust, "match_typed_subject_alt_names": names}}
    return {**made, "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": checked}}


def _protocol(*, idle_timeout: str = "3600s", http2: bool = False) -> dict[str, Any]:
    name = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    options = typed(
        "extensions.upstreams.http.v3.HttpProtocolOptions",
        common_http_protocol_options={"idle_timeout": idle_timeout},
        explicit_http_config={"http2_protocol_options" if http2 else "http_protocol_options": {}},
    )
    return {"typed_extension_protocol_options": {name: options}}


_WATCHED: dict[str, Any] = {
    # Questions to the counter are not asked twice: a pod of it that is away must be known before.
    "health_checks": [
        {
            "timeout": "1s",
            "interval": "2s",
            "no_traffic_interval": "2s",
            "unhealthy_threshold": 1,
            "healthy_threshold": 1,
            "grpc_health_check": {"service_name": "ratelimit"},
        }
    ],
    "outlier_detection": {
        "consecutive_5xx": 1,
        "consecutive_gateway_failure": 1,
        "enforcing_consecutive_gateway_failure": 100,
        "interval": "1s",
        "base_ejection_time": "5s",
        "max_ejection_percent": 50,
    },
    # By default such news wait for a second, in which half of the questions fail.
    "common_lb_config": {"update_merge_window": "0s"},
}
