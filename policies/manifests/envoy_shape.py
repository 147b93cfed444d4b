"""The form of an entry's Envoy configuration: what the program writes passes, and all else is named and denied.

Calls carry prompts, answers and tokens. Envoy has many ways to copy them: taps, mirrors, more logs, traces, filters
with code, keys of TLS connections. None of them is listed here; what is listed is what the program writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policies.manifests.fields import Fault
from policies.manifests.forms import JUDGED, Maybe, Number, differs

_TYPE = "type.googleapis.com/envoy."
_MANAGER_TYPE = f"{_TYPE}extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_FOLDER = "/etc/kitchen/tls"
_CERTIFICATE = {
    "certificate_chain": {"filename": f"{_FOLDER}/tls.crt"},
    "private_key": {"filename": f"{_FOLDER}/tls.key"},
    "watched_directory": {"path": _FOLDER},
}
_TLS: dict[str, Any] = {
    "name": "envoy.transport_sockets.tls",
    "typed_config": {
        "@type": f"{_TYPE}extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": {
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_certificates": [_CERTIFICATE],
        },
    },
}
_CALLERS: dict[str, Any] = {
    "@type": _MANAGER_TYPE,
    "stat_prefix": "entry",
    "codec_type": "AUTO",
    "server_name": "kitchen",
    "use_remote_address": True,
    "internal_address_config": {"cidr_ranges": [{"address_prefix": "255.255.255.255", "prefix_len": 32}]},
    "xff_num_trusted_hops": Number(most=1),
    "generate_request_id": True,
    "always_set_request_id_in_response": True,
    "normalize_path": True,
    "merge_slashes": True,
    "path_with_escaped_slashes_action": "REJECT_REQUEST",
    "strip_trailing_host_dot": True,
    "common_http_protocol_options": {
        "headers_with_underscores_action": "REJECT_REQUEST",
        "max_headers_count": 64,
        "idle_timeout": "3600s",
    },
    "http_protocol_options": {"accept_http_10": False},
    "http2_protocol_options": {"max_concurrent_streams": 256},
    "max_request_headers_kb": 32,
    "request_headers_timeout": "10s",
    "stream_idle_timeout": "660s",
    "delayed_close_timeout": "1s",
    "access_log_options": {"access_log_flush_interval": "60s"},
    # Judged by what stands in them: `envoy_record`, `envoy_numbers`, `envoy_replies`, `envoy_filters`,
    # `envoy_contents`.
    "access_log": Maybe(JUDGED),
    "local_reply_config": JUDGED,
    "http_filters": JUDGED,
    "route_config": {
        "name": "decisions",
        "virtual_hosts": [{"name": "entry", "domains": ["*"], "routes": JUDGED}],
    },
}
_METRICS: dict[str, Any] = {
    "@type": _MANAGER_TYPE,
    "stat_prefix": "metrics",
    "normalize_path": True,
    "http_filters": JUDGED,
    "route_config": {"virtual_hosts": [{"name": "metrics", "domains": ["*"], "routes": JUDGED}]},
}


def _listener(name: str, port: int, manager: dict[str, Any], **more: Any) -> dict[str, Any]:
    chain = {"filters": [{"name": "http", "typed_config": manager}], **more}
    # Every address of the pod, whose network rules say who reaches it.
    return {"name": name, "address": _address("0.0.0.0", port), "filter_chains": [chain]}  # noqa: S104


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


ADMIN = _address("127.0.0.1", 9901)
"""Where Envoy's own administration listens."""

BOOTSTRAP: dict[str, Any] = {
    "admin": {"address": JUDGED},
    "layered_runtime": {"layers": [{"name": "fixed", "static_layer": {"re2.max_program_size.error_level": 1000}}]},
    "static_resources": {
        "listeners": [
            {
                **_listener("callers", 8443, _CALLERS, transport_socket=_TLS),
                "per_connection_buffer_limit_bytes": Number(),
            },
            _listener("metrics", 9902, _METRICS),
        ],
        # Judged by name: `envoy_clusters`.
        "clusters": JUDGED,
    },
    "overload_manager": {
        "resource_monitors": [
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": {
                    "@type": f"{_TYPE}extensions.resource_monitors.downstream_connections.v3"
                    ".DownstreamConnectionsConfig",
                    "max_active_downstream_connections": 20000,
                },
            }
        ]
    },
}


def unknown(config: object) -> Iterator[Fault]:
    """One fault for each part that is not as the program writes it."""
    yield from differs(config, BOOTSTRAP, "")
