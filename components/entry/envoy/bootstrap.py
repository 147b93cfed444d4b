"""The whole configuration of an entry's Envoy."""

from __future__ import annotations

from typing import Any

from components.entry.envoy.clusters import buffer_bytes, clusters
from components.entry.envoy.contents import CLUSTER as CONTENTS
from components.entry.envoy.filters import filters
from components.entry.envoy.numbers import counters
from components.entry.envoy.records import OPTIONS, options, record
from components.entry.envoy.replies import replies
from components.entry.envoy.routes import CHECK, LONGEST_SILENCE, routes
from components.entry.envoy.words import address, named, typed
from components.entry.plan import EntryPlan

ARGUMENTS = (
    "--disable-hot-restart",
    *("--drain-strategy", "immediate", "--drain-time-s", "60"),
    *OPTIONS,
)
"""Of Envoy, beside the configuration: the pods' are those of the tests.

Once told to drain, every answer ends its connection; the default lets callers go little by little in ten minutes. Lines
of the record are in their file at once.
"""

_RUNTIME = {"re2.max_program_size.error_level": 1000}
"""Largest regular expression, in instructions: the one of headers that go no further has some hundred."""

_NOBODY = {"address_prefix": "255.255.255.255", "prefix_len": 32}
"""An address that no caller has. Envoy believes ids and headers of callers whose address it calls internal, and an
empty list of such addresses is everybody."""

_MANAGER = "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def bootstrap(plan: EntryPlan) -> dict[str, Any]:
    """What `envoy -c` takes, as plain data; the same plan gives the same bytes."""
    return {
        # Envoy's own administration can stop it: it listens on the pod's loopback alone.
        "admin": {"address": address("127.0.0.1", plan.ports.admin)},
        "layered_runtime": {"layers": [{"name": "fixed", "static_layer": _RUNTIME}]},
        "static_resources": {
            "listeners": [_callers(plan), _metrics(plan)],
            "clusters": [*clusters(plan), _admin(plan)],
        },
        "overload_manager": {
            "resource_monitors": [
                named(
                    "envoy.resource_monitors.global_downstream_max_connections",
                    "extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                    max_active_downstream_connections=20000,
                )
            ]
        },
    }


def _callers(plan: EntryPlan) -> dict[str, Any]:
    manager = typed(
        _MANAGER,
        stat_prefix="entry",
        codec_type="AUTO",
        server_name="kitchen",
        use_remote_address=True,
        internal_address_config={"cidr_ranges": [_NOBODY]},
        xff_num_trusted_hops=plan.proxies,
        generate_request_id=True,
        always_set_request_id_in_response=True,
        # One spelling of a path reaches the decisions; what has several is refused.
        normalize_path=True,
        merge_slashes=True,
        path_with_escaped_slashes_action="REJECT_REQUEST",
        strip_trailing_host_dot=True,
        common_http_protocol_options={
            "headers_with_underscores_action": "REJECT_REQUEST",
            "max_headers_count": 64,
            "idle_timeout": "3600s",
        },
        http_protocol_options={"accept_http_10": False},
        http2_protocol_options={"max_concurrent_streams": 256},
        max_request_headers_kb=32,
        request_headers_timeout="10s",
        stream_idle_timeout=LONGEST_SILENCE,
        delayed_close_timeout="1s",
        access_log=[*record(plan), *counters(plan)],
        access_log_options=options(),
        local_reply_config=replies(plan),
        http_filters=filters(plan),
        route_config={
            "name": "decisions",
            "virtual_hosts": [{"name": "entry", "domains": ["*"], "routes": routes(plan)}],
        },
    )
    chain: dict[str, Any] = {"filters": [{"name": "http", "typed_config": manager}]}
    if plan.tls_folder is not None:
        chain["transport_socket"] = _tls(plan.tls_folder)
    return {
        "name": "callers",
        "address": address(plan.listen, plan.ports.callers),
        "per_connection_buffer_limit_bytes": buffer_bytes(plan),
        "filter_chains": [chain],
    }


def _tls(folder: str) -> dict[str, Any]:
    """TLS 1.2 and newer; a renewed certificate is taken without a restart, because its folder is watched."""
    certificate = {
        "certificate_chain": {"filename": f"{folder}/tls.crt"},
        "private_key": {"filename": f"{folder}/tls.key"},
        "watched_directory": {"path": folder},
    }
    common = {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
        "alpn_protocols": ["h2", "http/1.1"],
        "tls_certificates": [certificate],
    }
    context = typed("extensions.transport_sockets.tls.v3.DownstreamTlsContext", common_tls_context=common)
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


def _metrics(plan: EntryPlan) -> dict[str, Any]:
    """Envoy's numbers for Prometheus and whether the pod is ready, and nothing else of its administration."""
    manager = typed(
        _MANAGER,
        stat_prefix="metrics",
        normalize_path=True,
        http_filters=[named("envoy.filters.http.router", "extensions.filters.http.router.v3.Router")],
        route_config={
            "virtual_hosts": [
                {
                    "name": "metrics",
                    "domains": ["*"],
                    "routes": [
                        _told("/stats/prometheus", "admin"),
                        _told("/ready", "admin"),
                        *(_ready(name) for name in (CHECK, *([CONTENTS] if plan.contents else []))),
                    ],
                }
            ]
        },
    )
    return {
        "name": "metrics",
        "address": address(plan.listen, plan.ports.metrics),
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }


def _ready(cluster: str) -> dict[str, Any]:
    """Whether a program is ready that listens on the pod's loopback alone."""
    return {**_told(f"/ready/{cluster}", cluster), "route": {"cluster": cluster, "prefix_rewrite": "/ready"}}


def _told(path: str, cluster: str) -> dict[str, Any]:
    only = {"path": path, "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]}
    return {"match": only, "route": {"cluster": cluster}}


def _admin(plan: EntryPlan) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": address("127.0.0.1", plan.ports.admin)}}
    return {
        "name": "admin",
        "connect_timeout": "1s",
        "type": "STATIC",
        "load_assignment": {"cluster_name": "admin", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
