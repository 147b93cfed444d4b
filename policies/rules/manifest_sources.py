"""Rule: objects that are rendered elsewhere come out of named Git repositories, never out of charts.

What Argo CD and Flux render on the cluster, this pack does not see. A chart's source is refused as a Helm release is;
a Git repository is right where the rule's configuration names it: there the same pack judges its files.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, at, without_key

_ARGO = "argoproj.io"
_FLUX = "source.toolkit.fluxcd.io"
_ARGO_HOLDERS = (
    *("spec", "source", "sources", "template", "templatePatch", "generators", "matrix", "merge", "operation", "sync"),
    *("sourceHydrator", "drySource", "git", "scmProvider", "pullRequest", "plugin"),
)
_CHARTS = ("HelmRepository", "HelmChart")
_EXAMPLE = '{"rendered-elsewhere": {"gitRepositories": ["https://git.kitchen.example/platform/kitchen.git"]}}'


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each source that is a chart or is not named."""
    subject = case.subject
    rule = "what is rendered elsewhere comes out of Git repositories that the configuration of this rule names"
    named = entries(case.config.get("gitRepositories"))
    for path, source in _sources(case):
        fault = _fault(source, named)
        if fault:
            yield f"{subject.title}: {path}: {fault}; rule: {rule}; example: {_EXAMPLE}"


def _sources(case: Case) -> Iterator[tuple[str, JsonValue]]:
    subject = case.subject
    if not subject.is_kubernetes:
        return
    if subject.group == _ARGO and subject.kind in ("Application", "ApplicationSet"):
        for key, value in subject.inputs.items():
            if key not in ("metadata", "status"):
                yield from _argo(value, key, key)
    elif subject.group == _FLUX:
        spec = subject.inputs.get("spec")
        address = at(spec, "endpoint") if at(spec, "url") is None else at(spec, "url")
        yield "spec", {"repoURL": address, "chart": subject.kind if subject.kind in _CHARTS else None}


def _argo(value: JsonValue, path: str, key: str) -> Iterator[tuple[str, JsonValue]]:
    """Every mapping with a repoURL: sources, those in templates and operations, and generators that read Git."""
    if value is UNKNOWN and key in _ARGO_HOLDERS:
        yield path, UNKNOWN
    elif key == "templatePatch" and value is not None:
        yield path, {"repoURL": value}
    elif isinstance(value, dict):
        if "repoURL" in value:
            yield path, value
        for child, entry in value.items():
            if child != "repoURL":
                yield from _argo(entry, f"{path}.{child}", child)
    for index, entry in enumerate(entries(value)):
        yield from _argo(entry, f"{path}[{index}]", key)


def _fault(source: JsonValue, named: list[JsonValue]) -> str | None:
    repository, chart = at(source, "repoURL"), at(source, "chart")
    if UNKNOWN in (repository, chart):
        return NOT_KNOWN
    if chart not in (None, ""):
        return f"the chart {chart!r} is rendered on the cluster and cannot be seen here"
    if str(repository).lower().startswith("oci:"):
        return f"{without_key(repository)!r} is rendered on the cluster and cannot be seen here"
    return None if repository in named else f"{without_key(repository)!r} is no repository that is named"


RULE = Rule(
    id="rendered-elsewhere",
    title="What Argo CD or Flux render on the cluster comes out of named Git repositories, never out of charts.",
    severity=Severity.CRITICAL,
    reason="The pack cannot judge what another program renders: images and rights would come in unseen.",
    remedy="Render the chart and declare its objects, or name a Git repository whose files the pack judges.",
    reference="https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml",
    judge=judge,
    config_schema={
        "gitRepositories": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Addresses of Git repositories whose files this pack judges, exactly as sources name them.",
        }
    },
)
