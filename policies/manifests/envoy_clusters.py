"""Where an entry's Envoy sends calls and questions: into the pod, to kitchens' pods, and to issuers for their keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from policies.judging.subject import entries
from policies.judging.values import JsonValue
from policies.manifests.envoy_stated import Stated
from policies.manifests.fields import Fault, at
from policies.manifests.forms import Maybe, Number, OneOf, Text, differs

_TYPE = "type.googleapis.com/envoy."
_HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_BESIDE = {"check": 9903, "contents": 9905}
"""Programs in the pod, with their ports."""

_FACT = Text(pattern=r"[^%]+")
_AUTHORITIES = OneOf(("/etc/ssl/certs/ca-certificates.crt", "/etc/kitchen/ca/ca.crt"))
_SERVICE = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?-pods"
_WATCHED: dict[str, Any] = {
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
    "common_lb_config": {"update_merge_window": "0s"},
}


def faults(config: JsonValue, stated: Stated) -> Iterator[Fault]:
    """What is wrong with the clusters; each has the form of its name."""
    for cluster in entries(at(config, "static_resources", "clusters")):
        name = str(at(cluster, "name"))
        yield from differs(cluster, _form(name, stated), f"static_resources.clusters.{name}")


def namespaces(config: JsonValue) -> Mapping[str, str]:
    """By name of a cluster the namespace of the Service that it leads to."""
    found = {}
    for cluster in entries(at(config, "static_resources", "clusters")):
        for locality in entries(at(cluster, "load_assignment", "endpoints")):
            for end in entries(at(locality, "lb_endpoints")):
                host = str(at(end, "endpoint", "address", "socket_address", "address"))
                if host.count("."):
                    found[str(at(cluster, "name"))] = host.split(".")[1]
    return found


def _form(name: str, stated: Stated) -> dict[str, Any]:
    inside = Text(pattern=r"127\.0\.0\.1", says="bodies are told to 127.0.0.1 alone")
    if name in _BESIDE:
        return {**_cluster(name, inside, _BESIDE[name]), **_protocol("60s")}
    if name == "admin":
        return _admin()
    if name == "counter":
        host = _of_cluster(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", [f"entry-{stated.environment}"], "is no counter's")
        return {**_cluster(name, host, Number(least=1, most=65535)), **_WATCHED, **_protocol("3600s", http2=True)}
    if name.startswith("issuer-"):
        return _issuer(name, stated)
    return _server(name, stated)


def _server(name: str, stated: Stated) -> dict[str, Any]:
    spaces = [f"{tenant}-{stated.environment}" for tenant in stated.tenants]
    host = _of_cluster(_SERVICE, spaces, "calls go to headless Services (<kitchen>-pods) of tenants' namespaces alone")
    server = name.partition("/tenant/")[0]
    whose = {"kitchen": OneOf((server, server.split("/")[0])), "server": server}
    facts = {**whose, "baseModel": Maybe(_FACT), "image": Maybe(_FACT)}
    return {
        **_cluster(name, host, Number(least=1, most=65535)),
        **_protocol("4s"),
        "per_connection_buffer_limit_bytes": Maybe(Number()),
        "metadata": {"filter_metadata": {"kitchen": facts}},
    }


def _issuer(name: str, stated: Stated) -> dict[str, Any]:
    """The host that the settings state for an issuer's keys, by TLS where they say https."""
    url = at(stated.issuers.get(name.removeprefix("issuer-")), "jwks", "url")
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        host, port = parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)
    except ValueError:
        host, port, parts = "", 443, urlsplit("")
    wanted = Text(pattern=re.escape(host), says="is not the host that the settings state for the keys of this issuer")
    made = _cluster(name, wanted, port)
    if parts.scheme == "http":
        return made
    names = [{"san_type": "DNS", "matcher": {"exact": host}}]
    trust = {"trusted_ca": {"filename": _AUTHORITIES}, "match_typed_subject_alt_names": names}
    context = {
        "@type": f"{_TYPE}extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "sni": host,
        "common_tls_context": {"validation_context": trust},
    }
    return {**made, "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": context}}


def _admin() -> dict[str, Any]:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": 9901}}
    return {
        "name": "admin",
        "connect_timeout": "1s",
        "type": "STATIC",
        "load_assignment": _assignment("admin", address),
    }


def _cluster(name: str, host: Text, port: int | Number) -> dict[str, Any]:
    many = dict.fromkeys(("max_connections", "max_pending_requests", "max_retries"), 10000)
    most = {**many, "max_requests": Number(least=1)}
    return {
        "name": name,
        "connect_timeout": "2s",
        "type": "STRICT_DNS",
        "dns_lookup_family": "ALL",
        "lb_policy": "LEAST_REQUEST",
        "circuit_breakers": {"thresholds": [most]},
        "load_assignment": _assignment(name, {"socket_address": {"address": host, "port_value": port}}),
    }


def _assignment(name: str, address: dict[str, Any]) -> dict[str, Any]:
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]}


def _protocol(idle_timeout: str, *, http2: bool = False) -> dict[str, Any]:
    options = {
        "@type": f"{_TYPE}{_HTTP.removeprefix('envoy.')}",
        "common_http_protocol_options": {"idle_timeout": idle_timeout},
        "explicit_http_config": {"http2_protocol_options" if http2 else "http_protocol_options": {}},
    }
    return {"typed_extension_protocol_options": {_HTTP: options}}


def _of_cluster(service: str, spaces: list[str], says: str) -> Text:
    """A Service of one of these namespaces; of none where there are none."""
    space = "|".join(map(re.escape, spaces)) or "(?!)"
    return Text(pattern=rf"{service}\.({space})\.svc(\.cluster\.local)?", says=says)
