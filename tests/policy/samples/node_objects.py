"""Samples of objects that give pods the node though they are none: volumes, constraints, labels, changing policies."""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import MISSING, UNKNOWN_VALUE, Sample, table

_VOLUME: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "PersistentVolume",
    "metadata": {"name": "v"},
    "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteMany"], "csi": {"driver": "a"}},
}
_VOLUMES = table(
    "kubernetes:core/v1:PersistentVolume",
    _VOLUME,
    ("a driver's", {}),
    ("of a server", {"spec csi": MISSING, "spec nfs": {"server": "10.0.0.1", "path": "/"}}),
    ("a path", {"spec hostPath": {"path": "/"}}, "spec.hostPath: is a path of a node, or a kind of storage"),
    ("a disk", {"spec local": {"path": "/etc"}}, "spec.local: is a path of a node"),
    (
        "an old plugin",
        {"spec flexVolume": {"driver": "a"}},
        "spec.flexVolume: is a path of a node, or a kind of storage",
    ),
    ("not known", {"spec": UNKNOWN_VALUE}, "spec: is not known", "spec: is not known"),
)

_CONSTRAINTS: dict[str, Any] = {
    "apiVersion": "security.openshift.io/v1",
    "kind": "SecurityContextConstraints",
    "metadata": {"name": "narrow"},
    **{"allowPrivilegedContainer": False, "allowHostNetwork": False, "allowPrivilegeEscalation": False},
    "runAsUser": {"type": "MustRunAsRange"},
    "seLinuxContext": {"type": "MustRunAs"},
    "fsGroup": {"type": "MustRunAs"},
    "supplementalGroups": {"type": "RunAsAny"},
    "volumes": ["configMap", "secret"],
    "requiredDropCapabilities": ["ALL"],
    "users": ["system:serviceaccount:team:app"],
    "groups": [],
    "priority": 10,
}
_OPENED = table(
    "kubernetes:security.openshift.io/v1:SecurityContextConstraints",
    _CONSTRAINTS,
    ("narrow constraints", {}),
    *(
        (f"{field} for pods", {field: True}, f"{field}: is True")
        for field in (
            *("allowPrivilegedContainer", "allowHostNetwork", "allowHostPID", "allowHostIPC", "allowHostPorts"),
            "allowHostDirVolumePlugin",
        )
    ),
    ("any user", {"runAsUser": {"type": "RunAsAny"}}, "runAsUser.type: is 'RunAsAny'"),
    ("any SELinux context", {"seLinuxContext": {"type": "RunAsAny"}}, "seLinuxContext.type: is 'RunAsAny'"),
    ("every volume", {"volumes": ["*"]}, "volumes[0]: is '*'"),
    ("paths of nodes", {"volumes": ["hostPath"]}, "volumes[0]: is 'hostPath'"),
    ("every capability", {"allowedCapabilities": ["*"]}, "allowedCapabilities[0]: is '*'"),
    ("for everybody", {"groups": ["system:authenticated"]}, "groups[0]: is 'system:authenticated'"),
    ("for all accounts of a namespace", {"groups": ["system:serviceaccounts:team"]}, "groups[0]: is"),
    ("no profile", {"seccompProfiles": ["*"]}, "seccompProfiles[0]: is '*'"),
    ("a field of tomorrow", {"allowKernelModules": True}, "allowKernelModules: is no field that is understood"),
    ("privileges that are not known", {"allowPrivilegedContainer": UNKNOWN_VALUE}, "is not known"),
    ("constraints of volumes not known", {"volumes": UNKNOWN_VALUE}, "volumes: is not known"),
)

_NAMESPACE: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "labels": {"a": "b"}}}
_LABELS = "metadata labels"
_PREFIX = "pod-security.kubernetes.io"
_NAMESPACES = table(
    "kubernetes:core/v1:Namespace",
    _NAMESPACE,
    ("no label of a standard", {}),
    ("the baseline", {f"{_LABELS} {_PREFIX}/enforce": "baseline", f"{_LABELS} {_PREFIX}/warn": "privileged"}),
    ("the latest version", {f"{_LABELS} {_PREFIX}/enforce-version": "latest"}),
    ("a late version", {f"{_LABELS} {_PREFIX}/enforce-version": "v1.34"}),
    ("no standard", {f"{_LABELS} {_PREFIX}/enforce": "privileged"}, "enforce: is 'privileged', allowed are baseline"),
    ("a standard that is none", {f"{_LABELS} {_PREFIX}/enforce": "Privileged"}, "enforce: is 'Privileged'"),
    (
        "the standard of long ago",
        {f"{_LABELS} {_PREFIX}/enforce-version": "v1.0"},
        "enforce-version: is 'v1.0'; an old",
    ),
    ("the standard of some time ago", {f"{_LABELS} {_PREFIX}/enforce-version": "v1.19"}, "an old version knows less"),
    ("a mode that is none", {f"{_LABELS} {_PREFIX}/exempt": "true"}, "exempt: is no label of the Pod Security"),
    ("a standard not known", {f"{_LABELS} {_PREFIX}/enforce": UNKNOWN_VALUE}, "enforce: is not known"),
    ("labels not known", {_LABELS: UNKNOWN_VALUE}, "metadata.labels: is not known"),
)

_KYVERNO = manifest(
    "kyverno.io/v1", "Policy", {"rules": [{"name": "a", "validate": {"pattern": {"spec": {"hostNetwork": True}}}}]}
)
_CHANGING = (
    *table(
        "kubernetes:kyverno.io/v1:Policy",
        _KYVERNO,
        ("a policy that validates", {}),
        (
            "a policy that changes",
            {"spec rules 0 mutate": {"patchesJson6902": "- op: add"}},
            "spec.rules[0].mutate: changes",
        ),
        ("a policy that makes", {"spec rules 0 generate": {"kind": "Pod"}}, "spec.rules[0].generate: changes or makes"),
        ("a policy of tomorrow", {"spec rules 0 transform": {}}, "spec.rules[0].transform: changes or makes"),
        ("a policy that reads a ConfigMap", {"spec rules 0 context": [{"configMap": {"name": "a"}}]}),
        ("rules not known", {"spec rules": UNKNOWN_VALUE}, "spec: is not known"),
    ),
    *(
        sample
        for group, kind in (
            *(("policies.kyverno.io", "MutatingPolicy"), ("mutations.gatekeeper.sh", "Assign")),
            *(("mutations.gatekeeper.sh", "ModifySet"), ("admissionregistration.k8s.io", "MutatingAdmissionPolicy")),
            *(("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"), ("settings.k8s.io", "PodPreset")),
        )
        for sample in table(
            f"kubernetes:{group}/v1:{kind}",
            manifest(f"{group}/v1", kind, {}),
            (f"a {kind}", {}, f"kind: is {kind} of {group}: objects are changed by it after they were judged"),
        )
    ),
    *table(
        "kubernetes:machineconfiguration.openshift.io/v1:MachineConfig",
        manifest("machineconfiguration.openshift.io/v1", "MachineConfig", {}),
        ("a machine's files", {}, "kind: is MachineConfig of machineconfiguration.openshift.io: it writes files"),
    ),
)

_FILE: dict[str, Any] = {
    "apiVersion": "kustomize.config.k8s.io/v1beta1",
    "kind": "Kustomization",
    "resources": ["a.yaml"],
}


def _patch(text: str) -> dict[str, Any]:
    return {"patches": [{"patch": text}]}


def _aimed(text: str, target: dict[str, Any], **options: bool) -> dict[str, Any]:
    return {"namespace": "team", "patches": [{"patch": text, "target": target, "options": options}]}


_SALES = "kitchen.example.com/tenant: sales"
_OTHERS: tuple[tuple[Any, ...], ...] = (
    (
        "a merge into its own kind",
        _aimed("apiVersion: apps/v1\nkind: Deployment\nspec: {replicas: 2}", {"kind": "Deployment"}),
    ),
    (
        "a merge into a named group",
        _aimed(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {labels: {app: a}}",
            {"kind": "Application", "group": "argoproj.io"},
        ),
    ),
    ("another name, with its option", _aimed("metadata: {name: b}", {"kind": "ConfigMap"}, allowNameChange=True)),
    (
        "a name of a controller's",
        _aimed("metadata: {name: coredns}", {"kind": "ConfigMap"}, allowNameChange=True),
        "patches[0]: changes the name of an object to 'coredns'",
    ),
    (
        "another kind",
        _aimed("apiVersion: apps/v1\nkind: Deployment", {"kind": "PriorityClass"}, allowKindChange=True),
        "patches[0]: has the option allowKindChange",
    ),
    (
        "another group of the same kind",
        _aimed("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}", {"kind": "Application"}),
        "patches[0]: may make Application an object of 'argoproj.io/v1alpha1'",
    ),
    (
        "another group of whatever it is",
        _aimed("apiVersion: serving.knative.dev/v1\nkind: Service", {"labelSelector": "app=a"}),
        "patches[0]: may make what it changes an object of 'serving.knative.dev/v1'",
    ),
    (
        "another group than the target's",
        _aimed(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role",
            {"kind": "Role", "group": "authorization.openshift.io"},
        ),
        "may make Role an object of 'rbac",
    ),
    (
        "a name out of a label",
        _patch("- {op: copy, from: /metadata/labels/app, path: /metadata/name}"),
        "patches[0]: changes /metadata/name by 'copy'",
    ),
    ("a name that is no text", _patch("- {op: replace, path: /metadata/name, value: 1}"), "the name of an object to 1"),
    (
        "a label of another tenant by a patch",
        _patch("- {op: add, path: /metadata/labels/kitchen.example.com~1tenant, value: sales}"),
        "~1tenant, which is 'sales': whose an object is",
    ),
    (
        "no tenant by a patch",
        _patch("- {op: remove, path: /metadata/labels/kitchen.example.com~1tenant}"),
        "patches[0]: changes /metadata/labels/kitchen.example.com~1tenant after",
    ),
    (
        "a label of another tenant by a merge",
        _aimed(f"metadata: {{labels: {{{_SALES}}}}}", {"kind": "Pod"}),
        "tenant, which is 'sales': whose",
    ),
    (
        "no owner by a merge",
        _patch("metadata: {labels: {kitchen.example.com/owner: null}}"),
        "patches[0]: changes metadata.labels.kitchen.example.com/owner after",
    ),
    (
        "labels of another tenant for all",
        {"namespace": "team", "labels": [{"pairs": {"kitchen.example.com/tenant": "sales"}}]},
        "labels[0].pairs.kitchen.example.com/tenant: is 'sales': whose an object is",
    ),
    (
        "labels in fields of its own",
        {"labels": [{"pairs": {"app": "a"}, "fields": [{"path": "spec/nodeSelector", "create": True}]}]},
        "labels[0].fields: puts labels where none were",
    ),
    (
        "labels of its own tenant for all",
        {"namespace": "team-dev", "commonLabels": {"kitchen.example.com/tenant": "team"}},
    ),
    (
        "labels of a tenant for whatever place",
        {"commonLabels": {"kitchen.example.com/tenant": "team"}},
        "commonLabels.kitchen.example.com/tenant: is 'team'",
    ),
)
_PATCHES = (
    *table(
        "kubernetes:kustomize.config.k8s.io/v1beta1:Kustomization",
        _FILE,
        ("no patch", {}),
        ("labels by a patch", _patch("- {op: add, path: /metadata/labels/app.kubernetes.io~1name, value: b}")),
        ("how many by a patch", _patch("spec: {replicas: 2}")),
        (
            "a pod by a patch",
            _patch("- {op: add, path: /spec/template/spec/hostPID, value: true}"),
            "patches[0]: changes /spec/template/spec",
        ),
        (
            "moved by a patch",
            _patch("- {op: move, from: /spec/a, path: /metadata/labels/app}"),
            "patches[0]: changes /spec/a",
        ),
        ("a pod by a merge", _patch("spec: {template: {spec: {hostPID: true}}}"), "patches[0]: changes spec.template"),
        ("a role by a merge", _patch("rules: []"), "patches[0]: changes rules after the object was judged"),
        ("a merge of many", _patch("metadata: {labels: {app: b}}\n---\nspec: {a: b}"), "patches[0]: changes spec.a"),
        ("what a patch deletes", _patch("$patch: delete\nmetadata: {name: a}"), "patches[0]: changes whole objects"),
        ("a file of patches", {"patches": [{"path": "a.yaml"}]}, "patches[0]: names the file 'a.yaml'"),
        ("files of older patches", {"patchesStrategicMerge": ["a.yaml"]}, "patchesStrategicMerge[0]: is 'a.yaml'"),
        ("older patches", {"patchesJson6902": [{"patch": "- {op: add, path: /a}"}]}, "patchesJson6902[0]: changes /a"),
        ("replacements", {"replacements": [{"source": {"kind": "ConfigMap"}}]}, "replacements[0]: changes fields"),
        ("a patch not known", {"patches": [UNKNOWN_VALUE]}, "patches[0]: is not known"),
        (
            "a label of Pod Security by a patch",
            _patch("- {op: add, path: /metadata/labels/pod-security.kubernetes.io~1enforce, value: privileged}"),
            "patches[0]: changes /metadata/labels/pod-security.kubernetes.io~1enforce",
        ),
        (
            "a mark of the mesh by a merge",
            _patch("metadata: {annotations: {sidecar.istio.io/inject: 'false'}}"),
            "patches[0]: changes metadata.annotations.sidecar.istio.io/inject",
        ),
        (
            "all labels by a patch",
            _patch("- {op: replace, path: /metadata/labels, value: {}}"),
            "changes /metadata/labels",
        ),
        ("labels for all", {"commonLabels": {"app": "a"}, "labels": [{"pairs": {"app.kubernetes.io/name": "a"}}]}),
        (
            "a note for all",
            {"commonAnnotations": {"tailscale.com/funnel": "true"}},
            "tailscale.com/funnel: is given to",
        ),
        (
            "a label for all",
            {"labels": [{"pairs": {"istio-injection": "disabled"}}]},
            "labels[0].pairs.istio-injection",
        ),
        ("labels for all, not known", {"commonLabels": UNKNOWN_VALUE}, "commonLabels: is not known"),
        ("a patch that cannot be read", _patch("{{"), "patches[0]: is '?'"),
        *_OTHERS,
    ),
    *table(
        "kubernetes:kustomize.toolkit.fluxcd.io/v1:Kustomization",
        manifest("kustomize.toolkit.fluxcd.io/v1", "Kustomization", {"path": "./a"}),
        ("Flux without a patch", {}),
        ("Flux with labels", {"spec commonMetadata": {"labels": {"app": "a"}}}),
        (
            "Flux with a note for all",
            {"spec commonMetadata": {"annotations": {"sidecar.istio.io/inject": "false"}}},
            "spec.commonMetadata.annotations.sidecar.istio.io/inject: is given to every object",
        ),
        (
            "Flux with a patch",
            {"spec patches": [{"patch": "spec: {template: {}}"}]},
            "spec.patches[0]: changes spec.template",
        ),
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "pod-security-baseline": (*_VOLUMES, *_OPENED, *_NAMESPACES, *_CHANGING, *_PATCHES),
}
