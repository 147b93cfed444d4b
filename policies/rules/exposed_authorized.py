"""Stack rule: what is exposed says who may call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pulumi_policy import EnforcementLevel, Severity

from policies.judging.stack_rule import StackCase, StackRule
from policies.judging.subject import Subject, entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.authorities import Place, guards, opens
from policies.manifests.fields import at, titles, titles_schema
from policies.manifests.models import SERVING
from policies.manifests.places import ENTRIES, place_of

_RULE = "what is exposed says who may call it"
_EXAMPLE = "an AuthorizationPolicy in the namespace, or security.opendatahub.io/enable-auth: 'true' on the service"
_VISIBILITY = "networking.kserve.io/visibility"
_AUTHENTICATION = "security.opendatahub.io/enable-auth"


def judge(case: StackCase) -> Iterator[tuple[str, str]]:
    """Yield one message for each entry that lets everybody call who reaches it."""
    for subject in case.subjects:
        if titles(case.config, "authorized", subject.title):
            continue
        text = _fault(case, subject)
        if text:
            yield subject.title, f"{subject.title}: {text}; rule: {_RULE}; example: {_EXAMPLE}"


def _fault(case: StackCase, subject: Subject) -> str | None:
    if (subject.group, subject.kind) in ENTRIES:
        if _redirects_alone(subject):
            return None
        place = place_of(subject, case.subjects)
        return None if _is_door(case, place) else _unguarded(case, place)
    if subject.group != SERVING or subject.kind not in ("InferenceService", "LLMInferenceService"):
        return None
    labels, annotations = (subject.metadata.get(key) for key in ("labels", "annotations"))
    visible = at(labels, _VISIBILITY)
    said = {**mapping(labels), **mapping(annotations)}.get(_AUTHENTICATION)
    if visible in (None, "cluster-local") or said == "true":
        return None
    if _unguarded(case, place_of(subject, case.subjects)) is None:
        return None
    shown = "not known" if visible is UNKNOWN else repr(visible)
    return f"metadata.labels.{_VISIBILITY}: is {shown}, and {_AUTHENTICATION} is not 'true'"


def _redirects_alone(subject: Subject) -> bool:
    """Whether a route of the Gateway API leads to nothing: each of its rules sends callers to another address."""
    rules = entries(at(subject.inputs.get("spec"), "rules"))
    return subject.kind == "HTTPRoute" and bool(rules) and all(map(_is_a_redirect, rules))


def _is_a_redirect(rule: JsonValue) -> bool:
    kinds = [at(entry, "type") for entry in entries(at(rule, "filters"))]
    return "RequestRedirect" in kinds and at(rule, "backendRefs") in (None, [])


def _is_door(case: StackCase, place: Place) -> bool:
    """Whether it leads to the environment's entry alone, which checks tokens: `entry-decides` holds it to that."""
    stated = isinstance(case.world.settings.get("entry"), Mapping)
    return stated and place.namespace == f"entry-{case.world.environment}" and place.services == {"entry"}


def _unguarded(case: StackCase, place: Place) -> str | None:
    open_one = next((entry for entry in case.subjects if opens(entry, place)), None)
    if open_one is not None:
        return f"{open_one.title} lets callers in whom it does not name, so no AuthorizationPolicy holds them back"
    if any(guards(entry, place) for entry in case.subjects):
        return None
    return f"no AuthorizationPolicy that names callers is declared in {place.namespace} for what it leads to"


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
