"""What workflows, tasks and rollouts take from elsewhere: files, and templates that nobody judges where they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from policies.judging.rule import Case
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown, without_key
from policies.manifests.insides import leads_inside
from policies.manifests.kind_table import known

_ARGO, _TEKTON = "argoproj.io", "tekton.dev"
WORKFLOWS = ("Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow")
"""Kinds of Argo Workflows."""

_FLAGS = (
    *("--force", "--grace-period", "--wait", "--timeout", "--validate", "--server-side", "--field-manager"),
    *("--force-conflicts", "--ignore-not-found", "--overwrite", "--cascade", "--now", "--dry-run"),
)
"""Flags of kubectl that change how an object is written, never which one."""

_ARTIFACTS = ("artifacts", "artifactPaths", "archiveLocation", "artifactRepository")
_REPOSITORIES = "artifact-repositories"
_OF_AN_ARTIFACT = {
    *("name", "path", "mode", "from", "fromExpression", "optional", "raw", "archive", "archiveLogs", "globalName"),
    *("recurseMode", "subPath", "artifactGC", "deleted"),
}
"""Fields of an artifact that name no place outside of the workflow."""

_HARMLESS_VARIABLES = ("TZ", "LANG", "LC_ALL", "NO_PROXY", "no_proxy", "TERM")
_UNJUDGED = {
    "analysis template": (_ARGO, "AnalysisTemplate"),
    "cluster analysis template": (_ARGO, "ClusterAnalysisTemplate"),
    "step action": (_TEKTON, "StepAction"),
}
_CLUSTER = "of the whole cluster"


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What an organisation has stated: repositories, addresses of files, names of templates, and kinds."""

    repositories: Collection[JsonValue]
    addresses: Collection[str]
    templates: Callable[[str], bool]
    kinds: Collection[tuple[str, str]]


def unseen_templates(case: Case, stated: Stated) -> Iterator[Fault]:
    """Faults of a workflow, a task or a rollout that takes what runs from where nobody judges it."""
    subject, search = case.subject, _Search(case=case, stated=stated)
    if (subject.group, subject.kind in WORKFLOWS) == (_ARGO, True):
        yield from search.walk(subject.inputs.get("spec"), "spec", "spec", _WORKFLOW_FIELDS)
    elif (subject.group, subject.kind) == (_ARGO, "Rollout"):
        yield from search.walk(subject.inputs.get("spec"), "spec", "spec", _ROLLOUT_FIELDS)
    elif subject.group == _TEKTON:
        yield from search.walk(subject.inputs.get("spec"), "spec", "spec", _TASK_FIELDS)


def calls(case: Case, value: JsonValue) -> Iterator[Fault]:
    """Addresses outside that the steps of a workflow call by themselves; `value` is its `spec`."""
    yield from _calls(case, value, "spec", "spec")


def _calls(case: Case, value: JsonValue, path: str, key: str) -> Iterator[Fault]:
    if isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _calls(case, entry, f"{path}[{index}]", key)
    elif isinstance(value, dict) and key not in _ARTIFACTS:
        for name, entry in value.items():
            if name == "http" and entry is not None and not leads_inside(case, at(entry, "url")):
                yield Fault(path=f"{path}.http.url", text=f"{shown(at(entry, 'url'))}, which is no address inside")
            elif isinstance(entry, dict | list):
                yield from _calls(case, entry, f"{path}.{name}", name)


@dataclass(frozen=True, kw_only=True)
class _Search:
    case: Case
    stated: Stated

    def walk(self, value: JsonValue, path: str, key: str, fields: Mapping[str, _Judge]) -> Iterator[Fault]:
        """Judge each field of that name, wherever it stands."""
        if key in _ARTIFACTS and fields is _WORKFLOW_FIELDS:
            yield from self._artifact(value, path)
        if isinstance(value, list):
            for index, entry in enumerate(value):
                yield from self.walk(entry, f"{path}[{index}]", key, fields)
        elif isinstance(value, dict):
            for name, entry in value.items():
                if name in fields and entry not in (None, [], {}):
                    yield from fields[name](self, entry, f"{path}.{name}")
                if isinstance(entry, dict | list) or entry is UNKNOWN:
                    yield from self.walk(entry, f"{path}.{name}", name, fields)

    def _artifact(self, value: JsonValue, path: str) -> Iterator[Fault]:
        if value is UNKNOWN:
            yield Fault(path=path, text=NOT_KNOWN)
        for field, place in value.items() if isinstance(value, dict) else ():
            if field in _OF_AN_ARTIFACT or place in (None, {}):
                continue
            address = _address(field, place)
            if address is UNKNOWN:
                yield Fault(path=f"{path}.{field}", text=NOT_KNOWN)
            elif address is not None and address not in self._known(field) and not self._is_near(field, address):
                yield Fault(path=f"{path}.{field}", text=f"{without_key(address)!r} is no place that is named")

    def _known(self, field: str) -> Collection[JsonValue]:
        return self.stated.repositories if field == "git" else self.stated.addresses

    def _is_near(self, field: str, address: JsonValue) -> bool:
        return field in ("s3", "http", "artifactory") and leads_inside(self.case, address)

    def template_of_the_cluster(self, reference: JsonValue, path: str) -> Iterator[Fault]:
        """A reference to a template: one of the same namespace is judged where it is declared."""
        for where, entry in listed(reference, path) if isinstance(reference, list) else [(path, reference)]:
            name, everywhere = (at(entry, key) for key in ("name", "clusterScope"))
            if entry is UNKNOWN or name is UNKNOWN or everywhere not in (None, False):
                yield from self._unseen(name, where, f"a template {_CLUSTER}")

    def cluster_task(self, reference: JsonValue, path: str) -> Iterator[Fault]:
        """A reference to a task: of the namespace, of the cluster, or of a kind of its own."""
        if at(reference, "resolver") == "cluster":
            yield from self._of_a_namespace(reference, path)
            return
        kind, version = at(reference, "kind"), at(reference, "apiVersion")
        group = str(version).rpartition("/")[0]
        if kind == "ClusterTask":
            yield from self._unseen(at(reference, "name"), path, f"a task {_CLUSTER}")
        elif UNKNOWN in (reference, kind, version):
            yield Fault(path=path, text=NOT_KNOWN)
        elif version is not None and group != _TEKTON and not self._is_judged(group, str(kind)):
            yield Fault(path=path, text=f"is a {kind} of {group or 'core'}, which the pack does not understand")

    def step(self, reference: JsonValue, path: str) -> Iterator[Fault]:
        """A step that is said elsewhere."""
        if at(reference, "resolver") == "cluster":
            yield from self._of_a_namespace(reference, path)
        elif at(reference, "resolver") is None:
            yield from self._unjudged("step action", at(reference, "name"), path)

    def _of_a_namespace(self, reference: JsonValue, path: str) -> Iterator[Fault]:
        """What is taken from the cluster: of its own namespace it is judged where it is declared."""
        params = [entry for _, entry in listed(at(reference, "params"), path)]
        said = {str(at(entry, "name")): at(entry, "value") for entry in params}
        if UNKNOWN in params or said.get("namespace") != self.case.subject.namespace:
            yield from self._unseen(said.get("name", UNKNOWN), path, "a task of another namespace")

    def pod_template(self, value: JsonValue, path: str) -> Iterator[Fault]:
        """Variables that Tekton sets in every container of a pod, after each of them was judged."""
        for where, entry in listed(at(value, "env"), f"{path}.env"):
            name = at(entry, "name")
            if name not in _HARMLESS_VARIABLES:
                text = NOT_KNOWN if UNKNOWN in (entry, name) else f"sets {name} in every container of the pod"
                yield Fault(path=where, text=text)

    def analysis(self, reference: JsonValue, path: str) -> Iterator[Fault]:
        """Templates of analyses, which run pods and call addresses."""
        for where, entry in listed(reference, path):
            name, everywhere = at(entry, "templateName"), at(entry, "clusterScope")
            what = "analysis template" if everywhere in (None, False) else "cluster analysis template"
            if name is not None:
                yield from self._unjudged(what, name, where)

    def repository(self, reference: JsonValue, path: str) -> Iterator[Fault]:
        """Where a workflow's files are kept: the ConfigMap of the controller says it, or one that nobody judges."""
        name = at(reference, "configMap")
        if name not in (None, "", _REPOSITORIES):
            yield from self._unseen(name, path, "a store of files")

    def flags(self, value: JsonValue, path: str) -> Iterator[Fault]:
        """Flags of kubectl for a manifest."""
        for where, flag in listed(value, path):
            if not isinstance(flag, str) or flag.partition("=")[0] not in _FLAGS:
                yield Fault(path=where, text=f"{shown(flag)}, which can bring another object than the manifest")

    def annotations_of_an_entry(self, value: JsonValue, path: str) -> Iterator[Fault]:
        """Annotations that the controller of rollouts writes on an Ingress that was judged without them."""
        for name in value if isinstance(value, dict) else [UNKNOWN]:
            if not isinstance(name, str) or not name.startswith("canary-"):
                text = NOT_KNOWN if name is UNKNOWN else "is written on an Ingress that was judged without it"
                yield Fault(path=f"{path}.{name}" if isinstance(name, str) else path, text=text)

    def _unjudged(self, what: str, name: JsonValue, path: str) -> Iterator[Fault]:
        if not self._is_judged(*_UNJUDGED[what]):
            yield from self._unseen(name, path, f"an {what}" if what.startswith("a") else f"a {what}")

    def _is_judged(self, group: str, kind: str) -> bool:
        return known(group, kind) is not None or (group, kind) in self.stated.kinds

    def _unseen(self, name: JsonValue, path: str, what: str) -> Iterator[Fault]:
        if not isinstance(name, str) or not self.stated.templates(name):
            text = NOT_KNOWN if name is UNKNOWN else f"is {what}, {name!r}, which nothing shows here"
            yield Fault(path=path, text=text)


_Judge = Callable[[_Search, JsonValue, str], Iterator[Fault]]
_WORKFLOW_FIELDS: Mapping[str, _Judge] = {
    "workflowTemplateRef": _Search.template_of_the_cluster,
    "templateRef": _Search.template_of_the_cluster,
    "flags": _Search.flags,
    "artifactRepositoryRef": _Search.repository,
}
_ROLLOUT_FIELDS: Mapping[str, _Judge] = {
    "templates": _Search.analysis,
    "analyses": _Search.analysis,
    "additionalIngressAnnotations": _Search.annotations_of_an_entry,
}
_TASK_FIELDS: Mapping[str, _Judge] = {
    "ref": _Search.step,
    "taskRef": _Search.cluster_task,
    "pipelineRef": _Search.cluster_task,
    "podTemplate": _Search.pod_template,
}


def _address(field: str, place: JsonValue) -> JsonValue:
    """Where an artifact lies; None where that is the repository that the controller knows."""
    if field == "git":
        return at(place, "repo")
    if field in ("http", "artifactory"):
        return at(place, "url")
    if field == "s3":
        return at(place, "endpoint")
    return UNKNOWN if place is UNKNOWN else field
