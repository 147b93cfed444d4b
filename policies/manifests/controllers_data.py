"""ConfigMaps and Secrets from which controllers of the platform take their settings.

Such an object changes what every pod gets, where names lead, or who may do what, and each controller has a form of its
own for it. So none is understood but for what is plainly something else: dashboards, certificates, pull secrets, and of
KServe's own ConfigMap the parts that name images and sizes, which other rules judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judging.subject import Subject, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.dashboard_json import text_faults
from policies.manifests.dashboard_names import DASHBOARD_LABELS
from policies.manifests.fields import NOT_KNOWN, Fault, shown
from policies.manifests.images import KSERVE_CONFIG
from policies.manifests.platform_names import is_of_the_platform, is_read_by_a_controller

_KINDS = {("", "ConfigMap"), ("", "Secret")}
_PLAIN_TYPES = ("kubernetes.io/tls", "kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")
_FOLDERS = ("k8s-sidecar-target-directory", "grafana_folder")
_FOLDER = re.compile(r"\w[\w -]*(?:/\w[\w -]*)*")
"""A folder below the sidecar's own."""

_BUNDLES = ("kube-root-ca.crt", "istio-ca-root-cert", "openshift-service-ca.crt")
"""What controllers write into every namespace, for pods to read."""

_OF_KSERVE = {
    *("_example", "agent", "batcher", "router", "storageInitializer", "explainers", "metricsAggregator", "multiNode"),
    *("deploy", "resource", "autoscaler", "opentelemetryCollector"),
}
"""Parts of KServe's ConfigMap that name images, sizes and modes alone."""

_WHY = "a controller of the platform takes its settings from it, and nobody has stated what it changes"


def controllers_data(subject: Subject) -> Iterator[Fault]:
    """Why a ConfigMap or Secret configures a controller, where it does."""
    if (subject.group, subject.kind) not in _KINDS:
        return
    metadata, secret = subject.inputs.get("metadata"), subject.kind == "Secret"
    name, namespace = (UNKNOWN if metadata is UNKNOWN else subject.metadata.get(key) for key in ("name", "namespace"))
    if not secret:
        yield from _of_a_dashboard(subject, elsewhere=isinstance(namespace, str) and is_of_the_platform(namespace))
    if namespace is UNKNOWN:
        # A name alone that is not known is none of a controller's in a namespace where none runs.
        yield Fault(path="metadata.namespace", text=NOT_KNOWN)
    if name == KSERVE_CONFIG and not secret:
        yield from _of_kserve(subject)
    elif isinstance(name, str) and is_read_by_a_controller(name, secret=secret) and name not in _BUNDLES:
        yield Fault(path="metadata.name", text=f"is {name!r}: {_WHY}")
    elif isinstance(namespace, str) and is_of_the_platform(namespace) and not _is_plain(subject, name):
        yield Fault(path="metadata.namespace", text=f"is {namespace!r}: {_WHY}")


def _of_kserve(subject: Subject) -> Iterator[Fault]:
    data = subject.inputs.get("data")
    if data is UNKNOWN:
        yield Fault(path="data", text=NOT_KNOWN)
    for key in mapping(data):
        if key not in _OF_KSERVE:
            yield Fault(path=f"data.{key}", text=_WHY)


def _of_a_dashboard(subject: Subject, *, elsewhere: bool) -> Iterator[Fault]:
    """What Grafana's sidecar takes out of a ConfigMap of any namespace: it fetches what a `.url` names.

    What else is in one of the platform's namespaces (`elsewhere`) is told as a whole.
    """
    labels, notes = (mapping(subject.metadata.get(field)) for field in ("labels", "annotations"))
    if not any(label in labels for label in DASHBOARD_LABELS):
        return
    for field in ("data", "binaryData"):
        if subject.inputs.get(field) is UNKNOWN:
            yield Fault(path=field, text=NOT_KNOWN)
        for key, text in mapping(subject.inputs.get(field)).items():
            path = f"{field}.{key}"
            if key.endswith(".json") and field == "data":
                yield from text_faults(text, path)
            elif key.endswith((".json", ".json.gz")):
                yield Fault(path=path, text="must be plain text below `data`, so that the dashboard can be judged")
            elif not elsewhere:
                yield Fault(path=path, text="is no dashboard, and Grafana's sidecar takes it in as it is")
    for note in () if elsewhere else _FOLDERS:
        folder = notes.get(note)
        if folder is not None and not (isinstance(folder, str) and _FOLDER.fullmatch(folder)):
            text = f"{shown(folder)}: is a place among Grafana's own files"
            yield Fault(path=f"metadata.annotations.{note}", text=text)


def _is_plain(subject: Subject, name: JsonValue) -> bool:
    if subject.kind == "Secret":
        return subject.inputs.get("type") in _PLAIN_TYPES
    held = [*mapping(subject.inputs.get("data")), *mapping(subject.inputs.get("binaryData"))]
    labels = mapping(subject.metadata.get("labels"))
    if any(label in labels for label in DASHBOARD_LABELS):
        return all(key.endswith((".json", ".json.gz")) for key in held)
    return name in _BUNDLES or (bool(held) and all(key.endswith((".crt", ".pem")) for key in held))
