"""Who says who a caller is: whoever signs tokens, holds their keys or is asked lets in whom it likes."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.addresses import outside_faults
from policies.manifests.authorities import is_a_proof, names_callers_of_envoy, names_callers_of_kuadrant, opened
from policies.manifests.entry_origins import own_origin
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, missing, shown
from policies.manifests.statements import names

_ACTIONS = (None, "ALLOW", "DENY", "AUDIT", "CUSTOM")
_PARTS = ("authentication", "metadata", "authorization", "response", "callbacks")
_KEYS = "are keys written by hand: whoever has the other half signs what it likes"


def authorization_policy(_case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of Istio's AuthorizationPolicy: what it allows, it allows to callers whom it names, or asks for health."""
    action, rules = at(spec, "action"), at(spec, "rules")
    if action not in _ACTIONS:
        yield Fault(path="spec.action", text=shown(action))
    if action in (None, "ALLOW"):
        for path, rule in listed(rules, "spec.rules"):
            if rule is UNKNOWN or opened(rule):
                yield Fault(path=path, text="lets callers in whom it does not name")


def request_authentication(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of Istio's RequestAuthentication."""
    for path, rule in listed(at(spec, "jwtRules"), "spec.jwtRules"):
        yield from _issuer(case, at(rule, "issuer"), f"{path}.issuer")
        if rule is not UNKNOWN and at(rule, "jwks") is not None:
            yield Fault(path=f"{path}.jwks", text=_KEYS)
        yield from _addresses(case, rule, path, ("issuer", "jwks"))


def auth_policy(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of Kuadrant's AuthPolicy: callers prove who they are, and nobody outside is asked or told about calls."""
    found = list(_parts_of_kuadrant(case, spec))
    yield from found
    if not found and not names_callers_of_kuadrant(spec):
        text = "asks callers for no proof of who they are, or not for every call"
        yield Fault(path="spec.rules.authentication", text=text)


def _parts_of_kuadrant(case: Case, spec: JsonValue) -> Iterator[Fault]:
    for where in ("", "defaults.", "overrides."):
        holder = at(spec, where.rstrip(".")) if where else spec
        rules, place = at(holder, "rules"), f"spec.{where}rules"
        methods = at(rules, "authentication")
        if methods is UNKNOWN:
            yield Fault(path=f"{place}.authentication", text=NOT_KNOWN)
            continue
        for name, method in mapping(methods).items():
            path = f"{place}.authentication.{name}"
            if at(method, "jwt") is not None:
                yield from _issuer(case, at(method, "jwt", "issuerUrl"), f"{path}.jwt.issuerUrl")
            elif not is_a_proof(method):
                yield Fault(path=path, text="asks callers for no proof of who they are")
        for part, entry in mapping(rules).items():
            if part not in _PARTS:
                yield Fault(path=f"{place}.{part}", text="is no field that is understood")
            yield from _asked(case, entry, f"{place}.{part}")


def _asked(case: Case, value: JsonValue, path: str) -> Iterator[Fault]:
    """Addresses of whoever is asked about a call: in plain text and inside; a policy's program asks nobody."""
    yield from _addresses(case, value, path, ())
    for name, entry in mapping(value).items():
        for place, holder in ((f"{path}.{name}", entry), (f"{path}.{name}.http", at(entry, "http"))):
            if holder is not UNKNOWN and at(holder, "urlExpression") is not None:
                yield Fault(path=f"{place}.urlExpression", text="leads to addresses that cannot be seen")
        if "http.send" in str(at(entry, "opa", "rego")):
            yield Fault(path=f"{path}.{name}.opa.rego", text="calls addresses that cannot be seen")


def security_policy(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of Envoy Gateway's SecurityPolicy; one at a route takes the place of that of its gateway."""
    found = list(_parts_of_envoy(case, spec))
    yield from found
    if not found and not names_callers_of_envoy(spec):
        yield Fault(path="spec", text="names no callers, and takes the place of what its gateway asks of them")


def _parts_of_envoy(case: Case, spec: JsonValue) -> Iterator[Fault]:
    for path, provider in listed(at(spec, "jwt", "providers"), "spec.jwt.providers"):
        yield from _issuer(case, at(provider, "issuer"), f"{path}.issuer")
        if provider is not UNKNOWN and at(provider, "localJWKS") is not None:
            yield Fault(path=f"{path}.localJWKS", text=_KEYS)
    if at(spec, "oidc") is not None:
        yield from _issuer(case, at(spec, "oidc", "provider", "issuer"), "spec.oidc.provider.issuer")
    for path, origin in listed(at(spec, "cors", "allowOrigins"), "spec.cors.allowOrigins"):
        if not own_origin(case, origin):
            yield Fault(path=path, text=f"{shown(origin)}, which is no origin of the organisation's domains")
    if at(spec, "authorization", "defaultAction") not in (None, "Deny"):
        action = at(spec, "authorization", "defaultAction")
        yield Fault(path="spec.authorization.defaultAction", text=f"{shown(action)}: whom no rule names comes in")
    if at(spec, "extAuth") is not None:
        yield from _authority(case, at(spec, "extAuth"), "spec.extAuth")
    yield from _addresses(case, spec, "spec", ("cors",))


def _authority(case: Case, holder: JsonValue, path: str) -> Iterator[Fault]:
    """Whom a gateway asks whether a call is allowed: a Service that is stated to know callers."""
    stated, remark = names(case.config.get("authorities"))
    if at(holder, "failOpen") not in (None, False):
        yield Fault(path=f"{path}.failOpen", text=shown(at(holder, "failOpen")))
    backends: list[tuple[str, JsonValue]] = []
    for protocol in ("http", "grpc"):
        place = f"{path}.{protocol}"
        backends += listed(at(holder, protocol, "backendRefs"), f"{place}.backendRefs")
        if at(holder, protocol, "backendRef") is not None:
            backends.append((f"{place}.backendRef", at(holder, protocol, "backendRef")))
    for where, backend in backends:
        name = f"{at(backend, 'namespace') or case.subject.namespace}/{at(backend, 'name')}"
        if backend is UNKNOWN or at(backend, "kind") not in (None, "Service") or name not in stated:
            text = f"is {name}, and the configuration of this rule states no such authority{remark}"
            yield Fault(path=where, text=NOT_KNOWN if backend is UNKNOWN else text)


def _addresses(case: Case, value: JsonValue, path: str, told: tuple[str, ...]) -> Iterator[Fault]:
    """Addresses outside, but for those of listed issuers, and fields that are told in other words."""
    issuers = [entry for entry in entries(case.config.get("issuers")) if isinstance(entry, str)]
    left = {key: entry for key, entry in value.items() if key not in told} if isinstance(value, dict) else value
    for fault in outside_faults(case, left, path, known=issuers):
        if not fault.path.endswith((".issuer", ".issuerUrl")):
            yield fault


def _issuer(case: Case, issuer: JsonValue, path: str) -> Iterator[Fault]:
    if issuer not in entries(case.config.get("issuers")):
        text = missing(issuer)
        yield Fault(path=path, text=f"{text}, and the configuration of this rule lists no such issuer of tokens")
