"""Rule: ConfigMaps and Secrets from which the platform's controllers take their settings are stated with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.manifests.controllers_data import controllers_data
from policies.manifests.dashboard_names import taken
from policies.manifests.objects import each_object, is_a, told
from policies.manifests.statements import names, names_schema

_RULE = "what controllers of the platform take their settings from is stated in the configuration of this rule"
_EXAMPLE = (
    '{"controllers-configured": {"understood": [{"name": "ConfigMap monitoring/thanos-*", "reason": "buckets"}]}}'
)


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each ConfigMap or Secret that configures a controller and that nobody has stated."""
    faults = [*controllers_data(case.subject)] if case.subject.is_kubernetes else []
    if is_a(case, "", "ConfigMap"):
        faults += taken(case)
    if faults:
        stated, remark = names(case.config.get("understood"))
        if not any(fnmatchcase(case.subject.title, pattern) for pattern in stated):
            yield from told(case, faults, _RULE + remark, _EXAMPLE)


RULE = Rule(
    id="controllers-configured",
    title="ConfigMaps and Secrets from which the platform's controllers take their settings are stated with a reason.",
    severity=Severity.CRITICAL,
    reason="One of them can put a container into every pod, lead names elsewhere or let everybody in.",
    remedy="Leave it to those who run the controller, or state it in the configuration of this rule with a reason.",
    reference="https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/",
    judge=judge,
    config_schema={
        "understood": names_schema(
            "ConfigMaps and Secrets of controllers that somebody has judged, as `<kind> <namespace>/<name>`; `*` is any"
            " text"
        )
    },
)
