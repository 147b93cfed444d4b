"""Rule: labels and annotations of pods, namespaces, Secrets and their like are understood, or stated with a reason.

Those of meshes and network plugins are told by `network-closed`, those of entries and Services by `entry-guarded`.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, Severity

from policies.judging.rule import Case, Rule
from policies.manifests.marks_elsewhere import strange_marks
from policies.manifests.objects import each_object, told
from policies.manifests.statements import names, names_schema

_RULE = "labels and annotations of pods and namespaces are understood, or the configuration of this rule states them"
_EXAMPLE = '{"marks-known": {"understood": [{"name": "vault.hashicorp.com/*", "reason": "its image comes from here"}]}}'


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each label or annotation of which nobody knows what it makes other programs do."""
    if not case.subject.is_kubernetes:
        return
    stated, remark = names(case.config.get("understood"))
    yield from told(case, strange_marks(case.subject, stated), _RULE + remark, _EXAMPLE)


RULE = Rule(
    id="marks-known",
    title="Labels and annotations of pods, of what makes them, of namespaces and Secrets are understood, or stated.",
    severity=Severity.CRITICAL,
    reason="Injectors, runtimes and updaters take orders from them: a container, a device of the node, a newer image.",
    remedy="Take it out, or state in the configuration of this rule what reads it and why it opens nothing.",
    reference="https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/",
    judge=judge,
    dev_level=EnforcementLevel.ADVISORY,
    config_schema={
        "understood": names_schema("Labels and annotations that the organisation understands; `*` is any text")
    },
)
