"""What a call passes, in this order: forged headers, token, size, model, check of the body, limits."""

from __future__ import annotations

from typing import Any

from components.entry.envoy import contents, limits, renaming
from components.entry.envoy.headers import others
from components.entry.envoy.records import REFUSED_HEADER
from components.entry.envoy.routes import CHECK
from components.entry.envoy.words import CALL, CLAIMS, USAGE, named
from components.entry.plan import EntryPlan, Issuer

_HTTP = "extensions.filters.http."
_SECONDS_OF_SKEW = 30
JSON = r"(?i)application/json(;\s*charset=utf-8)?"
"""What a call's body is, by its Content-Type: as the check of bodies has it."""

SUBJECT = "[^[:cntrl:]]{1,256}"
"""Who calls: a token that does not say it is refused, because limits and the record go by it."""


def filters(plan: EntryPlan) -> list[dict[str, Any]]:
    """HTTP filters in their order, which is the order of the decisions."""
    return [
        _forged(),
        _token(plan),
        named("size", f"{_HTTP}buffer.v3.Buffer", max_request_bytes=plan.body_kib * 1024),
        _model(),
        _stream_usage(),
        _body(plan),
        *limits.filters(plan),
        *renaming.filters(plan),
        *contents.filters(plan),
        named(
            "envoy.filters.http.router",
            f"{_HTTP}router.v3.Router",
            suppress_envoy_headers=True,
            **contents.router(plan),
        ),
    ]


def _forged() -> dict[str, Any]:
    """Nothing that a caller sends may pose as what the entry writes: of its headers the known ones alone go on."""
    every = {"remove_on_match": {"key_matcher": {"safe_regex": {"regex": others()}}}}
    return named("forged", f"{_HTTP}header_mutation.v3.HeaderMutation", mutations={"request_mutations": [every]})


def _token(plan: EntryPlan) -> dict[str, Any]:
    anyone = [{"provider_name": issuer.name} for issuer in plan.issuers]
    requires = {"requires_any": {"requirements": anyone}} if len(anyone) > 1 else anyone[0]
    return named(
        "token",
        f"{_HTTP}jwt_authn.v3.JwtAuthentication",
        providers={issuer.name: _provider(issuer) for issuer in plan.issuers},
        rules=[{"match": {"prefix": "/"}, "requires": requires}],
    )


def _provider(issuer: Issuer) -> dict[str, Any]:
    keys: dict[str, Any] = {"local_jwks": {"inline_string": issuer.jwks}}
    if issuer.jwks_url is not None:
        # Fetched before the first call and again before they end, so that a rotated key is known.
        uri = {"uri": issuer.jwks_url, "cluster": f"issuer-{issuer.name}", "timeout": "5s"}
        again = {"cache_duration": f"{issuer.keys_seconds}s", "async_fetch": {"fast_listener": True}}
        keys = {"remote_jwks": {"http_uri": uri, **again}}
    return {
        "issuer": issuer.issuer,
        "audiences": [issuer.audience],
        "subjects": {"safe_regex": {"regex": SUBJECT}},
        "forward": True,
        "require_expiration": True,
        "max_lifetime": "86400s",
        "clock_skew_seconds": _SECONDS_OF_SKEW,
        "payload_in_metadata": CLAIMS,
        "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
        # The list of models is answered by the groups of the token: its route is looked up again after the token.
        "clear_route_cache": True,
        **keys,
    }


def _model() -> dict[str, Any]:
    """The model out of the body; without one the metadata has a name that no model can have, and no route fits."""
    place = {"metadata_namespace": CALL, "key": "model"}
    request = {
        "allow_content_types_regex": {"regex": JSON},
        "rules": [
            {
                "selectors": [{"key": "model"}],
                "on_present": {**place, "type": "STRING"},
                "on_missing": {**place, "value": "(missing)"},
                "on_error": {**place, "value": "(unreadable)"},
            }
        ],
    }
    response = {"allow_content_types": ["application/json"], "rules": _usage()}
    return named("model", f"{_HTTP}json_to_metadata.v3.JsonToMetadata", request_rules=request, response_rules=response)


_TOLD = {
    "prompt": ("prompt_tokens", "input_tokens"),
    "completion": ("completion_tokens", "output_tokens"),
    "total": ("total_tokens",),
}
"""Tokens by what an answer calls them; /v1/responses has words of its own."""


def _usage(*above: str) -> list[dict[str, Any]]:
    """Rules that read the usage of an answer; `above` is where it lies in it."""
    return [
        {
            "selectors": [{"key": key} for key in (*above, "usage", name)],
            "on_present": {"metadata_namespace": USAGE, "key": told, "type": "NUMBER"},
        }
        for told, names in _TOLD.items()
        for name in names
    ]


def _stream_usage() -> dict[str, Any]:
    """The same from the events of a stream, without holding any back: the last one counts."""
    parser = {
        "name": "json",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.content_parsers.json.v3.JsonContentParser",
            "rules": [{"rule": rule} for rule in (*_usage(), *_usage("response"))],
        },
    }
    rules = {"max_event_size": 262144, "content_parser": parser}
    return named("stream-usage", f"{_HTTP}sse_to_metadata.v3.SseToMetadata", response_rules=rules)


def _body(plan: EntryPlan) -> dict[str, Any]:
    """Asks the check whether the body says one thing only and keeps within its bounds. Without an answer: refused."""
    host = f"127.0.0.1:{plan.ports.check}"
    return named(
        "body",
        f"{_HTTP}ext_authz.v3.ExtAuthz",
        transport_api_version="V3",
        failure_mode_allow=False,
        # The table of decisions is looked up again, now that the model is known.
        clear_route_cache=True,
        status_on_error={"code": "ServiceUnavailable"},
        with_request_body={"max_request_bytes": plan.body_kib * 1024, "allow_partial_message": False},
        http_service={
            "server_uri": {"uri": f"http://{host}", "cluster": CHECK, "timeout": "5s"},
            "authorization_response": {
                "allowed_client_headers": {"patterns": [{"exact": "content-type"}, {"exact": REFUSED_HEADER}]}
            },
        },
        allowed_headers={"patterns": [{"exact": name} for name in ("content-type", "content-encoding")]},
        disallowed_headers={"patterns": [{"exact": "authorization"}]},
    )
