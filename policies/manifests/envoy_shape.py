"""The parts of an entry's Envoy configuration that are understood: whatever else stands in it is named and denied.

Calls carry prompts and answers. Envoy has many ways to copy them: taps, mirrors, more logs, traces, filters with code,
keys of TLS connections. None of them is listed here; what is listed is what the program writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.manifests.fields import Fault

ANY = object()
"""A value that copies nothing of a call, whatever it is."""

Shape = Any
"""A mapping of known keys to shapes (`*` is every key), a list with the shape of its entries, or ANY."""

_FREE: dict[str, Shape] = {"name": ANY, "@type": ANY}
_TLS_CONTEXT: dict[str, Shape] = {
    "tls_params": ANY,
    "alpn_protocols": ANY,
    "tls_certificates": ANY,
    "validation_context": ANY,
}
_TLS: dict[str, Shape] = {"name": ANY, "typed_config": {"@type": ANY, "sni": ANY, "common_tls_context": _TLS_CONTEXT}}
_ACTION: dict[str, Shape] = {
    **dict.fromkeys(("cluster", "timeout", "idle_timeout", "prefix_rewrite", "auto_host_rewrite"), ANY),
    **dict.fromkeys(("retry_policy", "rate_limits"), ANY),
    "weighted_clusters": {"clusters": [{"name": ANY, "weight": ANY, "typed_per_filter_config": ANY}]},
}
_ROUTE: dict[str, Shape] = {
    **dict.fromkeys(("name", "match", "metadata", "direct_response", "typed_per_filter_config"), ANY),
    **dict.fromkeys(("request_headers_to_add", "request_headers_to_remove", "response_headers_to_add"), ANY),
    "route": _ACTION,
}
_MANAGER: dict[str, Shape] = {
    **_FREE,
    **dict.fromkeys(("stat_prefix", "codec_type", "server_name", "use_remote_address", "xff_num_trusted_hops"), ANY),
    **dict.fromkeys(("internal_address_config", "generate_request_id", "always_set_request_id_in_response"), ANY),
    **dict.fromkeys(("normalize_path", "merge_slashes", "path_with_escaped_slashes_action"), ANY),
    **dict.fromkeys(("strip_trailing_host_dot", "common_http_protocol_options", "http_protocol_options"), ANY),
    **dict.fromkeys(("http2_protocol_options", "max_request_headers_kb", "request_headers_timeout"), ANY),
    **dict.fromkeys(("stream_idle_timeout", "delayed_close_timeout", "access_log_options", "local_reply_config"), ANY),
    # Judged by what stands in them: `envoy_contents`.
    **dict.fromkeys(("access_log", "http_filters"), ANY),
    "route_config": {"name": ANY, "virtual_hosts": [{"name": ANY, "domains": ANY, "routes": [_ROUTE]}]},
}
_LISTENER: dict[str, Shape] = {
    **dict.fromkeys(("name", "address", "per_connection_buffer_limit_bytes"), ANY),
    "filter_chains": [{"filters": [{"name": ANY, "typed_config": _MANAGER}], "transport_socket": _TLS}],
}
_PROTOCOL: dict[str, Shape] = {"@type": ANY, "common_http_protocol_options": ANY, "explicit_http_config": ANY}
_CLUSTER: dict[str, Shape] = {
    **dict.fromkeys(("name", "connect_timeout", "type", "dns_lookup_family", "lb_policy", "circuit_breakers"), ANY),
    **dict.fromkeys(("load_assignment", "metadata", "per_connection_buffer_limit_bytes"), ANY),
    **dict.fromkeys(("health_checks", "outlier_detection", "common_lb_config"), ANY),
    "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": _PROTOCOL},
    "transport_socket": _TLS,
}
BOOTSTRAP: dict[str, Shape] = {
    "admin": {"address": ANY},
    "layered_runtime": {"layers": [{"name": ANY, "static_layer": {"re2.max_program_size.error_level": ANY}}]},
    "static_resources": {"listeners": [_LISTENER], "clusters": [_CLUSTER]},
    "overload_manager": ANY,
}
_TYPES = {
    "filters": "http_connection_manager.v3.HttpConnectionManager",
    "transport_socket": "TlsContext",
}
"""By key: how the type of what stands below it ends."""


def unknown(value: object, shape: Shape = BOOTSTRAP, path: str = "") -> Iterator[Fault]:
    """One fault for each part that the shape does not know."""
    if shape is ANY:
        return
    if isinstance(shape, list):
        if not isinstance(value, list):
            yield _not_understood(path)
            return
        for index, entry in enumerate(value):
            yield from unknown(entry, shape[0], f"{path}[{index}]")
            yield from _typed(entry, path)
    elif not isinstance(value, Mapping):
        yield _not_understood(path)
    else:
        for key, inner in value.items():
            here = f"{path}.{key}".lstrip(".")
            if key in shape:
                yield from unknown(inner, shape[key], here)
                yield from _typed(inner, here)
            else:
                yield _not_understood(here)


def _typed(value: object, path: str) -> Iterator[Fault]:
    wanted = _TYPES.get(path.rpartition(".")[2])
    if wanted is None or not isinstance(value, Mapping):
        return
    config = value.get("typed_config")
    kind = str(config.get("@type")) if isinstance(config, Mapping) else "missing"
    if not kind.endswith(wanted):
        yield Fault(path=f"{path}.typed_config", text=f"is {kind}, and must be {wanted}")


def _not_understood(path: str) -> Fault:
    return Fault(path=path, text="is not understood: it may copy what callers say")
