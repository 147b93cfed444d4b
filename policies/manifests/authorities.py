"""Objects that say who may call: whether one names callers, and which workloads and entries it is about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from policies.judging.subject import Subject, entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import at
from policies.manifests.networks import too_wide

ISTIO, KUADRANT, ENVOY = "security.istio.io", "kuadrant.io", "gateway.envoyproxy.io"
_BLOCKS = ("ipBlocks", "remoteIpBlocks")
_NAMES = ("principals", "namespaces", "serviceAccounts")
_ACCOUNTS_OF_A_NAMESPACE = re.compile(r"[\w.-]+/ns/[a-z0-9-]+/(?:sa/)?[a-z0-9-]*\*")
_CALLER_KEYS = ("request.auth.", "source.namespace", "source.principal", "source.serviceAccount")
_PROOFS = ("jwt", "oauth2Introspection", "kubernetesTokenReview", "x509", "apiKey")
_HEALTH = {
    *("/health", "/healthz", "/health/live", "/health/ready", "/livez", "/readyz", "/ready", "/ping"),
    *("/v2/health/live", "/v2/health/ready", "/healthz/ready"),
}
_ENVOY_PROOFS = ("jwt", "oidc", "basicAuth", "apiKeyAuth", "extAuth")


@dataclass(frozen=True, kw_only=True)
class Place:
    """What an entry leads to: its namespace, kind and name, the labels of the pods behind it as far as they are known,
    the Services behind it, and the gateways before it. `pods` is empty where nothing is known of them.
    """

    namespace: str | None
    kind: str
    name: str | None
    pods: tuple[Mapping[str, JsonValue], ...] = ()
    services: frozenset[str] = field(default_factory=frozenset)
    gateways: frozenset[str] = field(default_factory=frozenset)


def guards(entry: Subject, place: Place) -> bool:
    """Whether an object says of all calls to a place who may make them."""
    if entry.namespace != place.namespace or entry.inputs.get("spec") is UNKNOWN:
        return False
    spec = entry.inputs.get("spec")
    if (entry.group, entry.kind) == (ISTIO, "AuthorizationPolicy"):
        return _covers(spec, place) and _names_callers(spec)
    if (entry.group, entry.kind) == (KUADRANT, "AuthPolicy"):
        return _targets(spec, place) and names_callers_of_kuadrant(spec)
    if (entry.group, entry.kind) == (ENVOY, "SecurityPolicy"):
        return _targets(spec, place) and names_callers_of_envoy(spec)
    return False


def opens(entry: Subject, place: Place) -> bool:
    """Whether a policy of the mesh lets callers in who are not named: each policy that allows adds to the others."""
    if (entry.group, entry.kind) != (ISTIO, "AuthorizationPolicy") or entry.namespace != place.namespace:
        return False
    spec = entry.inputs.get("spec")
    if at(spec, "action") not in (None, "ALLOW", UNKNOWN):
        return False
    return _may_cover(spec, place) and not _names_callers(spec)


def _covers(spec: JsonValue, place: Place) -> bool:
    """Whether a policy is about every pod of a place; one without a selector is about all of its namespace."""
    if at(spec, "targetRefs") is not None or at(spec, "targetRef") is not None:
        return _targets(spec, place)
    labels = at(spec, "selector", "matchLabels")
    if labels in (None, {}) and at(spec, "selector") is not UNKNOWN:
        return True
    wanted = mapping(labels)
    return bool(wanted) and bool(place.pods) and all(wanted.items() <= pods.items() for pods in place.pods)


def _may_cover(spec: JsonValue, place: Place) -> bool:
    """Whether a policy may be about some pod of a place: not where a label of it says otherwise."""
    wanted = mapping(at(spec, "selector", "matchLabels"))
    if not place.pods:
        return True
    return any(all(pods.get(key, value) == value for key, value in wanted.items()) for pods in place.pods)


def _targets(spec: JsonValue, place: Place) -> bool:
    """Whether a policy names the entry, the gateways before it, or every Service behind it."""
    refs = [*entries(at(spec, "targetRefs")), *([at(spec, "targetRef")] if at(spec, "targetRef") is not None else [])]
    # A section is a part of what is named.
    named = [(at(ref, "kind"), at(ref, "name")) for ref in refs if at(ref, "sectionName") is None]
    if (place.kind, place.name) in named:
        return place.name is not None
    for kind, names in (("Service", place.services), ("Gateway", place.gateways)):
        if names and all((kind, name) in named for name in names):
            return True
    return False


def _names_callers(spec: JsonValue) -> bool:
    rules, action = at(spec, "rules"), at(spec, "action")
    if rules is UNKNOWN:
        return False
    if action == "CUSTOM":
        # Only what a rule is about is shown to the authorizer.
        return any(rule == {} for rule in entries(rules))
    return action in (None, "ALLOW") and not any(map(opened, entries(rules)))


def opened(rule: JsonValue) -> bool:
    """Whether a rule that allows lets in callers whom it does not name, to more than questions for health."""
    return not _rule_names_callers(rule) and not _is_for_health(rule)


def _is_for_health(rule: JsonValue) -> bool:
    """Whether a rule is about nothing but paths by which health is asked for."""
    operations = [at(entry, "operation") for entry in entries(at(rule, "to"))]
    asked = [_texts(at(operation, "paths")) for operation in operations]
    return bool(asked) and all(bool(paths) and set(paths) <= _HEALTH for paths in asked)


def _rule_names_callers(rule: JsonValue) -> bool:
    """Whether a rule is about some callers: who has a valid token of any kind is one, who has none is not."""
    sources = [at(source, "source") for source in entries(at(rule, "from"))]
    if sources and all(map(_source_names, sources)):
        return True
    return any(map(_condition_names, entries(at(rule, "when"))))


def _source_names(source: JsonValue) -> bool:
    if _texts(at(source, "requestPrincipals")):
        return True
    if any(_texts(at(source, key)) and not [*too_wide(_texts(at(source, key)))] for key in _BLOCKS):
        return True
    return any(bool(values) and all(map(_is_some, values)) for values in (_texts(at(source, key)) for key in _NAMES))


def _is_some(value: str) -> bool:
    return bool(value) and ("*" not in value or _ACCOUNTS_OF_A_NAMESPACE.fullmatch(value) is not None)


def _condition_names(condition: JsonValue) -> bool:
    key, values = at(condition, "key"), _texts(at(condition, "values"))
    if not isinstance(key, str) or not values:
        return False
    if key in ("source.ip", "remote.ip"):
        return not [*too_wide(values)]
    # Any token will do, but it has to be one.
    return key.startswith(_CALLER_KEYS) and (key.startswith("request.auth.") or all(map(_is_some, values)))


def _texts(value: JsonValue) -> list[str]:
    """A list of texts; empty where an entry is none."""
    found = entries(value)
    return found if all(isinstance(entry, str) and entry for entry in found) else []


def names_callers_of_kuadrant(spec: JsonValue) -> bool:
    """Whether an AuthPolicy asks every caller for a proof."""
    holder = next((at(spec, key) for key in ("overrides", "defaults") if at(spec, key) is not None), spec)
    if any(at(part, "when") not in (None, []) for part in (spec, holder)):
        return False
    methods = mapping(at(holder, "rules", "authentication"))
    return bool(methods) and all(is_a_proof(method) and at(method, "when") in (None, []) for method in methods.values())


def is_a_proof(method: JsonValue) -> bool:
    """Whether a method of Kuadrant asks callers for something that only they have."""
    return any(at(method, proof) is not None for proof in _PROOFS) and at(method, "anonymous") is None


def names_callers_of_envoy(spec: JsonValue) -> bool:
    """Whether a SecurityPolicy asks every caller for a proof, or allows some networks alone."""
    if at(spec, "jwt", "optional") not in (None, False) or at(spec, "extAuth", "failOpen") not in (None, False):
        return False
    if at(spec, "authorization", "defaultAction") == "Allow":
        return False
    if any(bool(mapping(at(spec, proof))) for proof in _ENVOY_PROOFS):
        return True
    rules = entries(at(spec, "authorization", "rules"))
    # Where nobody is let in by default, no rule lets nobody in.
    named = bool(rules) or at(spec, "authorization", "defaultAction") == "Deny"
    return named and all(at(rule, "action") == "Deny" or _is_some_network(rule) for rule in rules)


def _is_some_network(rule: JsonValue) -> bool:
    networks = _texts(at(rule, "principal", "clientCIDRs"))
    return bool(networks) and not [*too_wide(networks)]
