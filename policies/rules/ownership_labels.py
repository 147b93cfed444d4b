"""Rule: every object says whose it is."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN
from policies.manifests.fields import NOT_KNOWN, Fault
from policies.manifests.objects import each_object, told
from policies.manifests.ownership import CLUSTER_SCOPED, ENVIRONMENT, LABELS, TENANT, is_labelled

_EXAMPLE = "labels: {app.kubernetes.io/part-of: private-ai-kitchen, kitchen.example.com/tenant: helpdesk, ...}"


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each label that is missing or says another environment."""
    if is_labelled(case.subject):
        rule = f"objects carry {', '.join(LABELS)} (without a namespace: no tenant) of this environment"
        yield from told(case, _faults(case), rule, _EXAMPLE)


def _faults(case: Case) -> Iterator[Fault]:
    labels = case.subject.inputs.get("metadata")
    labels = labels if labels is UNKNOWN else mapping(labels).get("labels")
    if labels is UNKNOWN:
        yield Fault(path="metadata.labels", text=NOT_KNOWN)
        return
    found = mapping(labels)
    wanted = [name for name in LABELS if name != TENANT or case.subject.kind not in CLUSTER_SCOPED]
    missing = [name for name in wanted if found.get(name) is None or str(found[name]).strip() == ""]
    if missing:
        yield Fault(path="metadata.labels", text=f"lack {', '.join(missing)}")
    for name in wanted:
        if found.get(name) is UNKNOWN:
            yield Fault(path=f"metadata.labels.{name}", text=NOT_KNOWN)
        elif name == ENVIRONMENT and name not in missing and found[name] != case.world.environment:
            yield Fault(path=f"metadata.labels.{name}", text=f"is {found[name]!r}, this is {case.world.environment}")


RULE = Rule(
    id="ownership-labels",
    title="Every object says which environment, tenant, owner and cost centre it belongs to.",
    severity=Severity.MEDIUM,
    reason="What nobody owns is neither mended nor paid for, and an object of another environment is a mistake.",
    remedy="Pass the labels of components.labels.Ownership to every object; kitchen-labels-added can fill in some.",
    reference="https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/",
    judge=judge,
    dev_level=EnforcementLevel.ADVISORY,
)
