"""Samples of the rule on entries: annotations of every kind of entry, sign-in by a proxy, origins, shares of calls."""

from __future__ import annotations

from typing import Any

from tests.policy.samples.entries import HTTP_ROUTE, INGRESS
from tests.policy.support.objects import manifest
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_NOTES = "metadata annotations"
_NGINX = "nginx.ingress.kubernetes.io/"
_STRANGE = "and no such annotation is understood"


def _nginx(**values: Any) -> dict[str, Any]:
    return {_NOTES: {f"{_NGINX}{name.replace('_', '-')}": value for name, value in values.items()}}


_PROXY = "http://oauth2-proxy.auth.svc.cluster.local/oauth2/auth"
_SIGN_IN = (
    (
        "a proxy of the cluster",
        _nginx(auth_url=_PROXY, auth_response_headers="X-Auth-Request-User, X-Auth-Request-Email"),
    ),
    ("a proxy with a port", _nginx(auth_url="http://oauth2-proxy.auth.svc:4180/oauth2/auth")),
    ("a proxy at the entry's own host", _nginx(auth_url="https://$host/oauth2/auth")),
    (
        "a sign-in of one's own",
        _nginx(auth_url=_PROXY, auth_signin="https://sso.kitchen.example/oauth2/start?rd=$escaped_request_uri"),
    ),
    (
        "a sign-in at the entry's own host",
        _nginx(auth_signin="https://$host/oauth2/start?rd=$scheme://$host$request_uri"),
    ),
    *(
        (f"asks {name}", _nginx(auth_url=url), f"auth-url: is {url!r}, and its values are addresses inside")
        for name, url in {
            "a stranger": "https://yes.attacker.example/auth",
            "a stranger that begins so": "https://sso.kitchen.example.attacker.example/auth",
            "a stranger behind a user": "https://sso.kitchen.example@attacker.example/auth",
            "an address outside": "https://203.0.113.7/auth",
            "whom a variable names": "https://$arg_host/auth",
            "whom a variable ends": "https://$host.attacker.example/auth",
            "more than it says": "http://a.auth.svc/x;\nauth_request off;",
            "by another protocol": "ftp://a.auth.svc/x",
        }.items()
    ),
    ("a stranger's sign-in", _nginx(auth_signin="https://login.attacker.example/"), "auth-signin: is"),
    ("a sign-in or a network", _nginx(satisfy="any"), "satisfy: is 'any', and its values are all"),
    ("a snippet behind the sign-in", _nginx(auth_snippet="x"), _STRANGE),
)
_ORIGIN = "https://portal.kitchen.example"
_ORIGINS = (
    ("one origin", _nginx(enable_cors="true", cors_allow_origin=_ORIGIN, cors_allow_credentials="true")),
    ("two origins", _nginx(enable_cors="true", cors_allow_origin=f"{_ORIGIN}, https://chat.kitchen.example:8443")),
    ("origins off", _nginx(enable_cors="false")),
    ("origins that are not named", _nginx(enable_cors="true"), "enable-cors: names no origins, which means every one"),
    *(
        (
            f"origins: {value}",
            _nginx(enable_cors="true", cors_allow_origin=value),
            f"cors-allow-origin: is {value!r}, and its values are origins",
        )
        for value in (
            *("*", "https://*.kitchen.example", "http://portal.kitchen.example", "https://portal.attacker.example"),
            *(f"{_ORIGIN}, *", "null", "https://badkitchen.example"),
        )
    ),
)
_SHARES = (
    ("a share by weight", _nginx(canary="true", canary_weight="10")),
    ("a share by a header", _nginx(canary="true", canary_by_header="x-canary", canary_by_header_value="always")),
    (
        "a session's pod",
        _nginx(affinity="cookie", session_cookie_name="route", session_cookie_max_age="3600", session_cookie_path="/"),
    ),
    ("a share by an expression", _nginx(canary_by_header_pattern=".*"), _STRANGE),
    ("a cookie with a line", _nginx(session_cookie_name="a;\nb"), "session-cookie-name: is 'a;\\nb'"),
)
_PASSED_THROUGH = (
    (
        "its TLS passed through to the server",
        _nginx(ssl_passthrough="true"),
        "ssl-passthrough: is 'true', and its values are false",
    ),
    ("passed through, by another word", _nginx(ssl_passthrough="on"), "ssl-passthrough: is 'on'"),
    ("not passed through", _nginx(ssl_passthrough="false")),
    ("passed through by OpenShift", {_NOTES: {"route.openshift.io/termination": "passthrough"}}, "is 'passthrough'"),
    ("encrypted again by OpenShift", {_NOTES: {"route.openshift.io/termination": "reencrypt"}}),
)
_SECRETS = (
    ("passwords of its own namespace", _nginx(auth_type="basic", auth_secret="callers")),
    ("certificates of its own namespace", _nginx(auth_tls_secret="team/ca", auth_tls_verify_client="on")),
    *(
        (
            f"another's Secret by {name}",
            _nginx(**{name: "kube-system/x"}),
            "is 'kube-system/x', and its values are Secrets",
        )
        for name in ("auth_secret", "auth_tls_secret", "proxy_ssl_secret")
    ),
)
_INGRESSES = table(
    "kubernetes:networking.k8s.io/v1:Ingress",
    INGRESS,
    *_SIGN_IN,
    *_ORIGINS,
    *_SHARES,
    *_PASSED_THROUGH,
    *_SECRETS,
    ("notes of one's own domain", {_NOTES: {"kitchen.example/team": "a", "teams.kitchen.example/a": "b"}}),
    ("a note of a domain that ends so", {_NOTES: {"badkitchen.example/team": "a"}}, _STRANGE),
    (
        "notes that every platform has",
        {
            _NOTES: {
                **{"cert-manager.io/issuer": "vault", "cert-manager.io/issuer-kind": "ClusterIssuer"},
                **{
                    "meta.helm.sh/release-name": "a",
                    "field.cattle.io/publicEndpoints": "[]",
                    "gethomepage.dev/name": "a",
                },
                **{f"{_NGINX}proxy-next-upstream": "error timeout http_502", "kubernetes.io/tls-acme": "true"},
                **{f"{_NGINX}limit-whitelist": "10.0.0.0/8", f"{_NGINX}custom-http-errors": "502,503"},
            }
        },
    ),
)

_LISTENER = {
    **{"name": "a", "hostname": "a.kitchen.example", "port": 443, "protocol": "HTTPS"},
    "tls": {"certificateRefs": [{"name": "t"}]},
}
_GATEWAY = manifest("gateway.networking.k8s.io/v1", "Gateway", {"gatewayClassName": "istio", "listeners": [_LISTENER]})
_VIRTUAL = manifest(
    "networking.istio.io/v1", "VirtualService", {"hosts": ["a.kitchen.example"], "gateways": ["mesh"], "http": []}
)
_POLICY = manifest(
    "security.istio.io/v1", "AuthorizationPolicy", {"rules": [{"from": [{"source": {"namespaces": ["a"]}}]}]}
)
_KINDS = {
    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute": HTTP_ROUTE,
    "kubernetes:gateway.networking.k8s.io/v1:Gateway": _GATEWAY,
    "kubernetes:networking.istio.io/v1:VirtualService": _VIRTUAL,
    "kubernetes:security.istio.io/v1:AuthorizationPolicy": _POLICY,
}
_CLOSED = tuple(
    sample
    for token, inputs in _KINDS.items()
    for kind in (token.rpartition(":")[2],)
    for sample in table(
        token,
        inputs,
        (
            f"{kind} with notes of tools",
            {_NOTES: {"argocd.argoproj.io/sync-wave": "1", "helm.sh/hook": "post-install"}},
        ),
        (f"{kind} with notes of one's own", {_NOTES: {"kitchen.example/owner": "a"}}),
        *(
            (f"{kind} with {name}", {_NOTES: {name: "x"}}, f"annotations.{name}: is 'x', {_STRANGE}")
            for name in (
                *("konghq.com/strip-path", "external-dns.alpha.kubernetes.io/hostname", "networking.gke.io/static-ip"),
                *("service.beta.kubernetes.io/aws-load-balancer-scheme", "internal.istio.io/route-semantics", "open"),
            )
        ),
        (f"{kind} with notes not known", {_NOTES: UNKNOWN_VALUE}, "metadata.annotations: is not known"),
    )
)
_OTHERS = (
    *table(
        "kubernetes:gateway.networking.k8s.io/v1:Gateway",
        _GATEWAY,
        ("a Gateway with a certificate", {_NOTES: {"cert-manager.io/cluster-issuer": "internal"}}),
        ("a Gateway by a Service inside", {_NOTES: {"networking.istio.io/service-type": "ClusterIP"}}),
        (
            "a Gateway by a load balancer",
            {_NOTES: {"networking.istio.io/service-type": "LoadBalancer"}},
            "service-type: is 'LoadBalancer', and its values are ClusterIP",
        ),
    ),
    *table(
        "kubernetes:security.istio.io/v1:AuthorizationPolicy",
        _POLICY,
        (
            "a policy that is tried",
            {_NOTES: {"istio.io/dry-run": "true"}},
            "dry-run: is 'true', and its values are false",
        ),
        ("a policy that holds", {_NOTES: {"istio.io/dry-run": "false"}}),
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"entry-guarded": (*_INGRESSES, *_CLOSED, *_OTHERS)}
