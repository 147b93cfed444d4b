"""Rule: objects that are rendered elsewhere come out of named Git repositories, never out of charts.

What Argo CD, Flux, Fleet and others render on the cluster, this pack does not see. A chart's source is refused as a
Helm release is; a Git repository is right where the rule's configuration names it: there the same pack judges its
files. Programs that are not judged here are refused by their kinds (`policies.manifests.refused_kinds`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import Subject, entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.argo_sources import changes, moves
from policies.manifests.dashboard_names import taken
from policies.manifests.external_paths import external_paths
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown, titles, titles_schema, without_key
from policies.manifests.grafana import GRAFANA, grafana
from policies.manifests.kind_table import refusals
from policies.manifests.kustomize import is_kustomization, moved, remote_sources
from policies.manifests.managed_elsewhere import MANAGED, managed_elsewhere
from policies.manifests.objects import each_object, is_a, told
from policies.manifests.perses import PERSES, perses
from policies.manifests.stated_kinds import stated_kinds
from policies.manifests.unseen_templates import Stated, unseen_templates

_ID = "rendered-elsewhere"
_ARGO = "argoproj.io"
_FLUX = "source.toolkit.fluxcd.io"
_SYNC = "configsync.gke.io"
_FETCHING: Mapping[str, Mapping[str, tuple[JsonValue, ...]]] = {
    "tekton.dev": {"resolver": (None, "", "cluster"), "bundle": (None, "")},
    _ARGO: {"manifestFrom": (None,), "plugin": (None,)},
}
"""Fields that fetch what runs, and values of them that fetch nothing; `cluster` takes it from the cluster itself."""

_ARGO_HOLDERS = (
    *("spec", "source", "sources", "template", "templatePatch", "generators", "matrix", "merge", "operation", "sync"),
    *("sourceHydrator", "drySource", "git", "scmProvider", "pullRequest", "plugin"),
)
_APPLICATIONS = ("Application", "ApplicationSet")
_CHARTS = ("HelmRepository", "HelmChart")
_EXAMPLE = '{"rendered-elsewhere": {"gitRepositories": ["https://git.kitchen.example/platform/kitchen.git"]}}'


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each source that is a chart or is not named, and for what renders and cannot be seen."""
    rule = "what is rendered elsewhere comes out of Git repositories that the configuration of this rule names"
    yield from told(case, _faults(case), rule, _EXAMPLE)


def _faults(case: Case) -> Iterator[Fault]:
    subject = case.subject
    named = entries(case.config.get("gitRepositories"))
    for text in refusals(subject, _ID):
        yield Fault(path="kind", text=text)
    for path, source in _sources(subject):
        fault = _fault(source, named)
        if fault:
            yield Fault(path=path, text=fault)
    if is_kustomization(subject):
        yield from remote_sources(subject)
        yield from moved(subject, entries(case.config.get("namespaces")))
    elif is_a(case, _ARGO, *_APPLICATIONS):
        yield from moves(subject, entries(case.config.get("namespaces")))
    elif is_a(case, _ARGO, "AppProject"):
        yield from _project(subject.inputs.get("spec"), named)
    elif is_a(case, "operators.coreos.com", "Subscription") and not titles(case.config, "operators", subject.title):
        catalog, name = (at(subject.inputs.get("spec"), key) for key in ("source", "name"))
        text = f"{shown(name)} out of the catalog {catalog!r}: images and rights of an operator come in by it unseen"
        yield Fault(path="spec.name", text=text)
    elif subject.group == "external-secrets.io":
        yield from _written(case, subject.inputs.get("spec"), "spec")
    elif subject.group == GRAFANA:
        yield from grafana(subject)
        yield from taken(case)
    elif subject.group == PERSES:
        yield from perses(subject)
    elif subject.group in MANAGED:
        yield from managed_elsewhere(subject)
    elif subject.group in _FETCHING and subject.kind not in _APPLICATIONS:
        yield from _fetched(subject.inputs.get("spec"), "spec", _FETCHING[subject.group])
        yield from unseen_templates(case, _stated(case))


def _written(case: Case, spec: JsonValue, path: str) -> Iterator[Fault]:
    """What External Secrets writes beside Secrets: objects of any kind, put together out of texts."""
    target, inner = at(spec, "target"), at(spec, "externalSecretSpec")
    for field, value in (("target", target), ("externalSecretSpec", inner)):
        if value is UNKNOWN:
            yield Fault(path=f"{path}.{field}", text=NOT_KNOWN)
    if isinstance(inner, dict):
        yield from _written(case, inner, f"{path}.externalSecretSpec")
    if case.subject.kind in ("ExternalSecret", "ClusterExternalSecret"):
        yield from external_paths(case, spec, path)
    if not isinstance(target, dict):
        return
    if target.get("manifest") is not None:
        kind = at(target, "manifest", "kind")
        yield Fault(path=f"{path}.target.manifest", text=f"makes a {kind} out of texts that nobody judges")
    for where, source in listed(at(target, "template", "templateFrom"), f"{path}.target.template.templateFrom"):
        if at(source, "target") not in (None, "Data", "Annotations", "Labels"):
            text = f"{shown(at(source, 'target'))}, and templates write data, labels and annotations alone"
            yield Fault(path=f"{where}.target", text=text)


def _stated(case: Case) -> Stated:
    names = [str(name) for name in entries(case.config.get("templates"))]
    return Stated(
        repositories=entries(case.config.get("gitRepositories")),
        addresses=[str(address) for address in entries(case.config.get("addresses"))],
        templates=lambda name: any(fnmatchcase(name, pattern) for pattern in names),
        kinds=stated_kinds(case.world),
    )


def _project(spec: JsonValue, named: list[JsonValue]) -> Iterator[Fault]:
    """An AppProject bounds what its applications may take from where, and into which clusters and namespaces."""
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    for path, repository in listed(at(spec, "sourceRepos"), "spec.sourceRepos"):
        if repository not in named:
            yield Fault(path=path, text=f"{without_key(repository)!r} is no repository that is named")
    for path, place in listed(at(spec, "destinations"), "spec.destinations"):
        for field in ("server", "name", "namespace"):
            value = at(place, field)
            if value is UNKNOWN or "*" in str(value):
                yield Fault(path=f"{path}.{field}", text=shown(value))
    for field in ("clusterResourceWhitelist", "namespaceResourceWhitelist"):
        for path, entry in listed(at(spec, field), f"spec.{field}"):
            if any(part is UNKNOWN or "*" in str(part) for part in (at(entry, "group"), at(entry, "kind"))):
                yield Fault(path=path, text=f"allows {at(entry, 'group')!r} {at(entry, 'kind')!r}")
    for path, place in listed(at(spec, "sourceNamespaces"), "spec.sourceNamespaces"):
        if place is UNKNOWN or "*" in str(place):
            yield Fault(path=path, text=shown(place))


def _fetched(value: JsonValue, path: str, fields: Mapping[str, tuple[JsonValue, ...]]) -> Iterator[Fault]:
    """Fields by which tasks and manifests are fetched when they run, with values that fetch nothing."""
    for field, allowed in fields.items() if isinstance(value, dict) else ():
        if field in value and value[field] not in allowed:
            yield Fault(path=f"{path}.{field}", text=f"{shown(value[field])}: what it fetches cannot be seen here")
    for key, entry in value.items() if isinstance(value, dict) else ():
        yield from _fetched(entry, f"{path}.{key}", fields)
    for index, entry in enumerate(entries(value)):
        yield from _fetched(entry, f"{path}[{index}]", fields)


def _sources(subject: Subject) -> Iterator[tuple[str, JsonValue]]:
    spec = subject.inputs.get("spec")
    if subject.group == _ARGO and subject.kind in _APPLICATIONS:
        for key, value in subject.inputs.items():
            if key not in ("metadata", "status"):
                yield from _argo(value, key, key)
    elif subject.group == _FLUX:
        address = at(spec, "endpoint") if at(spec, "url") is None else at(spec, "url")
        yield "spec", {"repoURL": address, "chart": subject.kind if subject.kind in _CHARTS else None}
    elif (subject.group, subject.kind) == ("fleet.cattle.io", "GitRepo"):
        yield "spec.repo", {"repoURL": at(spec, "repo")}
    elif subject.group == _SYNC and subject.kind in ("RootSync", "RepoSync"):
        yield "spec.git.repo", {"repoURL": at(spec, "git", "repo"), "chart": at(spec, "helm", "chart")}
        if at(spec, "oci") is not None:
            yield "spec.oci", {"repoURL": "oci:"}


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
    if strange := changes(source):
        return f"{strange} changes what its files say, which cannot be seen here"
    if str(repository).lower().startswith("oci:"):
        return f"{without_key(repository)!r} is rendered on the cluster and cannot be seen here"
    return None if repository in named else f"{without_key(repository)!r} is no repository that is named"


RULE = Rule(
    id=_ID,
    title="What other programs render on the cluster comes out of named Git repositories, never out of charts.",
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
        },
        "addresses": titles_schema("Addresses from which workflows take files, exactly as their artifacts name them"),
        "templates": titles_schema(
            "Names of templates of the whole cluster, step actions, analysis templates and stores of files that"
            " somebody has judged; `*` is any text"
        ),
        "namespaces": titles_schema(
            "Namespaces of the platform into which Kustomizations and applications may put objects, and from which Flux"
            " may take sources"
        ),
        "operators": titles_schema("Subscriptions of operators whose images and rights somebody has judged"),
    },
)
