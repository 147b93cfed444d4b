"""Stack rule: what is exposed says who may call."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, Severity

from policies.judging.stack_rule import StackCase, StackRule
from policies.judging.subject import Subject, entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import at, titles, titles_schema
from policies.manifests.models import SERVING

_RULE = "what is exposed says who may call it"
_EXAMPLE = "an AuthorizationPolicy in the namespace, or security.opendatahub.io/enable-auth: 'true' on the service"
_VISIBILITY = "networking.kserve.io/visibility"
_AUTHENTICATION = "security.opendatahub.io/enable-auth"
_ENTRIES = {
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("networking.istio.io", "VirtualService"),
    ("networking.k8s.io", "Ingress"),
    ("extensions", "Ingress"),
    ("gateway.networking.k8s.io", "GRPCRoute"),
    ("gateway.networking.k8s.io", "TLSRoute"),
}
"""Entries that say nothing about callers themselves; a Route has an allow-list of its own."""

_AUTHORITIES = {
    ("kuadrant.io", "AuthPolicy"),
    ("gateway.envoyproxy.io", "SecurityPolicy"),
}

_CALLERS = ("requestPrincipals", "principals", "namespaces", "ipBlocks", "remoteIpBlocks", "serviceAccounts")


def judge(case: StackCase) -> Iterator[tuple[str, str]]:
    """Yield one message for each entry that lets everybody call who reaches it."""
    guarded = {entry.namespace for entry in case.subjects if _guards(entry)}
    for subject in case.subjects:
        text = _fault(subject, guarded)
        if text and not titles(case.config, "authorized", subject.title):
            yield subject.title, f"{subject.title}: {text}; rule: {_RULE}; example: {_EXAMPLE}"


def _guards(entry: Subject) -> bool:
    if (entry.group, entry.kind) != ("security.istio.io", "AuthorizationPolicy"):
        return (entry.group, entry.kind) in _AUTHORITIES
    spec = entry.inputs.get("spec")
    rules = at(spec, "rules")
    if UNKNOWN in (spec, rules) or at(spec, "action") not in (None, "ALLOW", "CUSTOM"):
        return False
    return all(_names_callers(rule) for rule in entries(rules))


def _names_callers(rule: JsonValue) -> bool:
    """Whether a rule is about some callers: who has a valid token of any kind is one, who has none is not."""
    sources = [at(source, "source") for source in entries(at(rule, "from"))]
    named = [any(_names(source, key) for key in _CALLERS) for source in sources]
    return (bool(named) and all(named)) or bool(entries(at(rule, "when")))


def _names(source: JsonValue, key: str) -> bool:
    values = entries(at(source, key))
    return bool(values) and (key == "requestPrincipals" or "*" not in values)


def _fault(subject: Subject, guarded: set[str | None]) -> str | None:
    if (subject.group, subject.kind) in _ENTRIES:
        return (
            None
            if subject.namespace in guarded
            else f"no AuthorizationPolicy that names callers is declared in {subject.namespace}"
        )
    if subject.group != SERVING or subject.kind not in ("InferenceService", "LLMInferenceService"):
        return None
    labels, annotations = (subject.metadata.get(key) for key in ("labels", "annotations"))
    visible = at(labels, _VISIBILITY)
    said = {**mapping(labels), **mapping(annotations)}.get(_AUTHENTICATION)
    if visible in (None, "cluster-local") or said == "true" or subject.namespace in guarded:
        return None
    shown = "not known" if visible is UNKNOWN else repr(visible)
    return f"metadata.labels.{_VISIBILITY}: is {shown}, and {_AUTHENTICATION} is not 'true'"


RULE = StackRule(
    id="exposed-authorized",
    title="What is exposed says who may call it.",
    severity=Severity.CRITICAL,
    reason="The server answers whoever reaches it: an entry without authorization gives a department's model to all.",
    remedy="Declare an AuthorizationPolicy beside the entry, or let OpenShift AI authenticate callers.",
    reference="https://istio.io/latest/docs/reference/config/security/authorization-policy/",
    judge=judge,
    dev_level=EnforcementLevel.ADVISORY,
    config_schema={"authorized": titles_schema("entries whose gateway authorizes callers itself")},
)
