"""Objects that give pods the node, or open what keeps it closed, though they are no pods themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from policies.judging.subject import Subject, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.bound_names import not_bound
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.kustomize import common_marks, is_kustomization, patches
from policies.manifests.powers import powers
from policies.manifests.security_contexts import CAPABILITIES

_ENFORCED = "pod-security.kubernetes.io/"
_MODES = {"enforce": ("baseline", "restricted"), "warn": None, "audit": None}
_OLDEST = 25
_VERSION = re.compile(r"latest|v1\.([0-9]{2})")
_VOLUME_FIELDS = {
    *("accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy"),
    *("storageClassName", "volumeMode", "volumeAttributesClassName"),
}
_VOLUME_SOURCES = {"csi", "nfs", "cephfs", "rbd", "iscsi", "fc", "glusterfs"}
"""Sources of a PersistentVolume that lie on no node."""

_CONSTRAINT_NAMES = ("apiVersion", "kind", "metadata", "priority")
_CONSTRAINT_VOLUMES = (
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected"),
    *("secret", "none"),
)
_CONSTRAINTS: dict[str, tuple[JsonValue, ...]] = {
    **dict.fromkeys(
        (
            *("allowPrivilegedContainer", "allowHostDirVolumePlugin", "allowHostNetwork", "allowHostPID"),
            *("allowHostIPC", "allowHostPorts"),
        ),
        (False, None),
    ),
    **dict.fromkeys(("allowPrivilegeEscalation", "defaultAllowPrivilegeEscalation"), (False, True, None)),
    **dict.fromkeys(("readOnlyRootFilesystem", "userNamespaceLevel"), (False, True, None, "", "AllowHostLevel")),
}
"""Values of a field of a SecurityContextConstraints that give no more than the baseline standard does."""

_STRATEGIES = {
    "runAsUser": ("MustRunAs", "MustRunAsRange", "MustRunAsNonRoot"),
    "seLinuxContext": ("MustRunAs",),
    "fsGroup": ("MustRunAs", "RunAsAny"),
    "supplementalGroups": ("MustRunAs", "RunAsAny"),
}
_PROFILES = ("runtime/default", "localhost/")
_VALIDATING = {
    *("name", "match", "exclude", "preconditions", "celPreconditions", "validate", "verifyImages", "context"),
    *("skipBackgroundRequests", "reportProperties", "imageExtractors"),
}
"""Fields of a rule of Kyverno's that change and make nothing."""


def node_doors(subject: Subject) -> Iterator[Fault]:
    """Faults of an object of the baseline standard that stand in no pod."""
    judge = _KINDS.get((subject.group, subject.kind))
    if judge is not None:
        yield from judge(subject)
    elif is_kustomization(subject):
        yield from patches(subject)
        yield from common_marks(subject)
    yield from powers(subject)


def _volume(subject: Subject) -> Iterator[Fault]:
    spec = subject.inputs.get("spec")
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
    for field, value in mapping(spec).items():
        if value is not None and field not in _VOLUME_FIELDS and field not in _VOLUME_SOURCES:
            yield Fault(path=f"spec.{field}", text="is a path of a node, or a kind of storage that is not judged")


def _namespace(subject: Subject) -> Iterator[Fault]:
    labels = subject.metadata.get("labels")
    if labels is UNKNOWN:
        yield Fault(path="metadata.labels", text=NOT_KNOWN)
    for name, value in mapping(labels).items():
        if name.startswith(_ENFORCED):
            text = _standard(name.removeprefix(_ENFORCED), value)
            if text:
                yield Fault(path=f"metadata.labels.{name}", text=text)
        elif name == "security.openshift.io/scc.podSecurityLabelSync" and value not in ("true", "false"):
            yield Fault(path=f"metadata.labels.{name}", text=shown(value))


def _standard(mode: str, value: JsonValue) -> str | None:
    if mode in _MODES:
        levels = _MODES[mode] or ("privileged", "baseline", "restricted")
        return None if value in levels else f"{shown(value)}, allowed are {', '.join(levels)}"
    if mode.removesuffix("-version") not in _MODES or not mode.endswith("-version"):
        return "is no label of the Pod Security Standards"
    match = _VERSION.fullmatch(value) if isinstance(value, str) else None
    if match is None or (match[1] and int(match[1]) < _OLDEST):
        return f"{shown(value)}; an old version knows less, so latest or v1.{_OLDEST} and later are allowed"
    return None


def _constraints(subject: Subject) -> Iterator[Fault]:
    """A SecurityContextConstraints field by field: one that is not understood is refused."""
    for field, value in subject.inputs.items():
        if field in _CONSTRAINT_NAMES or value is None:
            continue
        if field in _CONSTRAINTS:
            if value not in _CONSTRAINTS[field]:
                yield Fault(path=field, text=shown(value))
        elif field in _STRATEGIES:
            if at(value, "type") not in _STRATEGIES[field]:
                yield Fault(path=f"{field}.type", text=shown(at(value, "type")))
        else:
            yield from _constraint_lists(field, value)


def _constraint_lists(field: str, value: JsonValue) -> Iterator[Fault]:
    allowed: Callable[[JsonValue], bool]
    if field == "volumes":
        allowed = _CONSTRAINT_VOLUMES.__contains__
    elif field in ("allowedCapabilities", "defaultAddCapabilities"):
        allowed = CAPABILITIES.__contains__
    elif field == "seccompProfiles":
        allowed = lambda entry: isinstance(entry, str) and entry.startswith(_PROFILES)  # noqa: E731 (one line says it)
    elif field in ("users", "groups"):
        allowed = lambda entry: isinstance(entry, str) and not_bound(entry) is None  # noqa: E731
    elif field in ("requiredDropCapabilities", "forbiddenSysctls"):
        return
    else:
        yield Fault(path=field, text="is no field that is understood")
        return
    for path, entry in listed(value, field):
        if entry is UNKNOWN or not allowed(entry):
            yield Fault(path=path, text=shown(entry))


def _kyverno(subject: Subject) -> Iterator[Fault]:
    """Kyverno's policies: those that validate are no way in, those that change or make objects are."""
    spec = subject.inputs.get("spec")
    if spec is UNKNOWN or at(spec, "rules") is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    for path, rule in listed(at(spec, "rules"), "spec.rules"):
        for field in mapping(rule):
            if field not in _VALIDATING:
                yield Fault(path=f"{path}.{field}", text="changes or makes objects that are judged nowhere")


_KINDS: dict[tuple[str, str], Callable[[Subject], Iterator[Fault]]] = {
    ("", "PersistentVolume"): _volume,
    ("", "Namespace"): _namespace,
    ("project.openshift.io", "Project"): _namespace,
    ("security.openshift.io", "SecurityContextConstraints"): _constraints,
    ("kyverno.io", "ClusterPolicy"): _kyverno,
    ("kyverno.io", "Policy"): _kyverno,
}
